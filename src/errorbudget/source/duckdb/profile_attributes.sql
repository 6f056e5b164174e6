-- The values of attributes that have few: of a sample of the rows, each key and value, and how often.
with sampled as (
    select unnest(map_entries(attributes)) as entry
    from requests
    where service in ($services) and hash(batch, line) % $every = 0 and attributes is not null
),

counted as (
    select entry.key as name, entry.value as value, count(*) as requests
    from sampled
    group by all
)

select name, value, requests
from counted
qualify count(*) over (partition by name) <= 12
order by name, requests desc, value
