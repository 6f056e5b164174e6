-- What batches after one brought: minutes with requests, the first and last minute of error-level log
-- records, and how many corrections. One question, because most often the answer is "nothing".
select distinct 'requests' as what, minute as number
from touched
where batch > $since and service in ({services})
union all
select 'logs', unnest([min(minute), max(minute)])
from logs
where batch > $since and is_error and service in ('', {services})
having count(*) > 0
union all
select 'corrections', count(*)
from corrections
where batch > $since and service in ({services})
having count(*) > 0
