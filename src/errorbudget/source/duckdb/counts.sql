-- Of one indicator: a valid criterion that is NULL means valid, a good one that is NULL means bad.
count(*) filter (
    where coalesce({valid}, true) and verdict is distinct from 'excluded'
),
count(*) filter (
    where
    coalesce({valid}, true)
    and not coalesce({good}, false)
    and coalesce(verdict not in ('good', 'excluded'), true)
)
