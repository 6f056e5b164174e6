-- Which versions of a service had served requests of an environment before a moment, in the order
-- they first did. Requests without an environment belong to any.
select version, min(time) as first_at, count(*) as requests
from requests
where service = $service and version <> '' and time < $before
  and ($environment = '' or environment in ('', $environment))
group by version
order by first_at, version
