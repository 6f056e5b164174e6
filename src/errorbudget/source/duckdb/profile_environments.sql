-- The environments that a service's requests name.
select environment, count(*) as requests
from requests
where service in ($services) and environment <> ''
group by environment
order by requests desc, environment
limit 100
