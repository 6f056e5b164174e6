-- The commonest value of each column among the bad requests of some spans of minutes, and its share.
{known},

spans (first, until) as (
    values {spans}
),

failed as (
    select first, unnest([{columns}]) as one
    from spans
    inner join known on minute >= first and minute < until
    where {is_bad}
),

counted as (
    select first, one.name as name, one.value as value, count(*) as bad
    from failed
    group by all
)

select
    timestamp '1970-01-01' + to_minutes(first) as starts,
    name,
    value,
    bad / sum(bad) over (partition by first, name) as share
from counted
qualify row_number() over (partition by first, name order by bad desc, value) = 1
order by starts, name
