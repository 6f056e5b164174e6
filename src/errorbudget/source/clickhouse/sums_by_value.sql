-- How many requests were valid, and how many of those bad, in a burn and before it, by the values of
-- each column alone: `which` tells the column by the one that is not summed over.
{known},

leaves as (
    select {columns}, q_minute >= {{first:Int64}} as burns, {is_valid} as k_valid, {is_bad} as k_bad
    from known
)

select
    grouping({names}) as which,
    coalesce({names}, '') as value,
    countIf(k_valid and burns) as valid,
    countIf(k_bad and burns) as bad,
    countIf(k_valid and not burns) as valid_before,
    countIf(k_bad and not burns) as bad_before
from leaves
where k_valid
group by grouping sets ({sets})
having {kept}
