-- Minutes of attempts that a new attempt of the same operation may replace.
with scoped as not materialized (
    {scoped}
)

select distinct earlier.minute
from scoped as earlier
inner join scoped as later
    on
        earlier.operation = later.operation
        and earlier.time between later.time - interval 24 hours and later.time
where later.batch > $since
