-- Which of these request ids does a service know?
select distinct cast({request_id} as varchar) as id
from requests
where
    service = $service
    and cast({request_id} as varchar) in (select unnest($request_ids::varchar[]))
