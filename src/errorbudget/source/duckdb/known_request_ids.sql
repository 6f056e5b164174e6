-- Which of these request ids does a service know?
select distinct nullif(cast({request_id} as varchar), '') as id
from requests
where
    service = $service
    and nullif(cast({request_id} as varchar), '') in (select unnest($request_ids::varchar[]))
