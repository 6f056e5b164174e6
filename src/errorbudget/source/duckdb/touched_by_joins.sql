-- Minutes of requests that share an id with such a request of another service.
with scoped as not materialized (
    {scoped}
)

select distinct scoped.minute
from touched_elsewhere as elsewhere
inner join scoped
    on
        elsewhere.request_id = scoped.request_id
        and elsewhere.time between scoped.time - interval 1 hour and scoped.time + interval 24 hours
