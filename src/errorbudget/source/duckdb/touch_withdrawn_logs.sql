-- The minutes of requests that log records about to be withdrawn may speak of are to be counted again.
insert into touched
select distinct $batch, requests.service, requests.minute, 0
from requests
inner join (
    select min(minute) - 24 * 60 as first, max(minute) + 60 as last
    from logs
    where is_error and list_contains($withdrawn::bigint[], batch)
) as spoken on requests.minute between spoken.first and spoken.last
order by requests.service, requests.minute
