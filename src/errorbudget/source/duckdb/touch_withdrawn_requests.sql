-- The minutes of requests about to be withdrawn are to be counted again.
insert into touched
select $batch, service, minute, 0
from requests
where list_contains($withdrawn::bigint[], batch)
group by service, minute
order by service, minute
