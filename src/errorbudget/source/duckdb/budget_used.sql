-- Valid and bad requests of each day, and the share of a budget that the days up to it have used.
with minutes (minute, valid, bad) as (
    {tally}
),

days as (
    select minute // 1440 as day, sum(valid) as valid, sum(bad) as bad
    from minutes
    group by day
)

select
    cast(to_timestamp(day * 86400) as date) as date,
    valid,
    bad,
    sum(bad) over latest / (sum(valid) over latest * {allowance}) as budget_used
from days
window latest as (order by day range between {before} preceding and current row)
order by day
