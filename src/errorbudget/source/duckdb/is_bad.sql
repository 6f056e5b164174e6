-- Valid, and not good: a criterion that is NULL means bad. A correction outranks the criteria; one to bad
-- does where no criterion of the document reads it.
(
    coalesce({valid}, true)
    and ({condemned} or not coalesce({good}, false))
    and coalesce(verdict not in ('good', 'excluded'), true)
)
