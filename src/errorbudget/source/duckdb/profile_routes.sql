-- The busiest routes of a service.
select route, count(*) as requests
from requests
where service in ($services)
group by route
order by requests desc, route
limit 2000
