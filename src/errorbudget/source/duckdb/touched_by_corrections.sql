-- Minutes of requests, of any age, that a new correction speaks of.
with scoped as not materialized (
    {scoped}
)

select distinct scoped.minute
from corrections
inner join scoped
    on corrections.service = scoped.service and corrections.request_id = scoped.request_id
where corrections.batch > $since
