-- Every service that has ever sent a request: its first and last minute, and how many requests.
select service, min(minute), max(minute), cast(sum(requests) as bigint)
from touched
where requests > 0
group by service
order by service
