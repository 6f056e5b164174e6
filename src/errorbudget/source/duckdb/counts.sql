-- Of one indicator: a valid criterion that is NULL means valid, a good one that is NULL means bad.
-- A correction outranks the criteria; one to bad does where no criterion of the document reads it.
count(*) filter (
    where coalesce({valid}, true) and verdict is distinct from 'excluded'
),
count(*) filter (
    where
    coalesce({valid}, true)
    and ({condemned} or not coalesce({good}, false))
    and coalesce(verdict not in ('good', 'excluded'), true)
)
