-- What a service's requests say at all: how many, and how many fill each column that criteria read.
select
    count(*) as requests,
    count(status) as with_status,
    count(duration_ms) as with_duration,
    count(*) filter (where is_bot) as bots,
    count(distinct tenant) filter (where tenant <> '') as tenants,
    min(minute) as first,
    max(minute) as last
from requests
where service in ($services)
