-- How many of a service's requests fill each of some columns.
select {counts}
from requests
where service in ($services)
