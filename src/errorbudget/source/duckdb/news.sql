-- What batches after one brought of each of these services: minutes with requests, the first and last
-- minute of error-level log records, and how many corrections. One question, because most often the
-- answer is "nothing". Log records of a feed that names no service are of the service ''.
select distinct 'requests' as what, service, minute as number
from touched
where batch > $since and service in ({services})
union all
select 'logs', service, unnest([min(minute), max(minute)])
from logs
where batch > $since and is_error and service in ('', {services})
group by service
union all
select 'corrections', service, count(*)
from corrections
where batch > $since and service in ({services})
group by service
