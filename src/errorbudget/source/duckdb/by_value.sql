-- Valid and bad requests of an indicator by the values of one expression, the most bad ones first.
{known},

counted (value, valid, bad) as (
    select cast({by} as varchar) as value, {counts}
    from known
    group by value
)

select value, valid, bad
from counted
where valid > 0
order by bad desc, valid desc, value
limit $most
