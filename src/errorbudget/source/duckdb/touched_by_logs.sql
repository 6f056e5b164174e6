-- Minutes of requests that a new error-level log record speaks of.
with scoped as not materialized (
    {scoped}
)

select distinct scoped.minute
from logs
inner join scoped
    on
        logs.request_id = scoped.request_id
        and logs.service in ('', {services})
        and logs.time between scoped.time - interval 1 hour and scoped.time + interval 24 hours
where logs.is_error and logs.batch > $since
