-- Which of these request ids does a service know, of some time?
select distinct nullif(cast({request_id} as varchar), '') as id
from requests
where
    service = $service
    and minute >= $first
    and minute < $until
    and nullif(cast({request_id} as varchar), '') in (select unnest($request_ids::varchar[]))
