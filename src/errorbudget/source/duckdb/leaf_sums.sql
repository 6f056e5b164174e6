-- The sums of all that a key has in common, in one order: what is made of them adds up floats.
select
    {keys},
    coalesce(sum(valid) filter (where burns), 0)::bigint as valid,
    coalesce(sum(bad) filter (where burns), 0)::bigint as bad,
    coalesce(sum(valid) filter (where not burns), 0)::bigint as valid_before,
    coalesce(sum(bad) filter (where not burns), 0)::bigint as bad_before
from leaves
{joins}
group by all
order by all
