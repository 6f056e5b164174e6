-- Which versions of services the requests of newer batches name, and since when.
select service, environment, version, min(time) as first_at
from requests
where batch > $since and version <> ''
group by service, environment, version
order by first_at, service, environment, version
