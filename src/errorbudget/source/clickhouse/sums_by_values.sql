-- The same for each combination of values that enough failures of the burn share; others are summed as one.
{known},

leaves as (
    select {codes}, q_minute >= {{first:Int64}} as burns, {is_valid} as k_valid, {is_bad} as k_bad
    from known
)

select
    {names},
    countIf(k_valid and burns),
    countIf(k_bad and burns),
    countIf(k_valid and not burns),
    countIf(k_bad and not burns)
from leaves
where k_valid
group by {names}
order by {names}
