-- How many requests of an environment a service served from one moment up to, and without, another.
-- Requests without an environment belong to any.
select count(*)
from requests
where service = $service and time >= $since and time < $until
  and ($environment = '' or environment in ('', $environment))
