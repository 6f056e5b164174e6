-- The busiest routes of a service.
select route, count(*) as requests
from requests
where service in (select unnest($services))
group by route
order by requests desc, route
limit 2000
