-- Which versions of a service had served requests before a moment, in the order they first did.
select version, min(time) as first_at, count(*) as requests
from requests
where service = $service and version <> '' and time < $before
group by version
order by first_at, version
