-- Stage the requests of a piece; those with a reason are then set aside.
create or replace {temporary} table {table} as
select
    "~line" as line,
    moment as time,
    service,
    coalesce("~route", '') as route,
    coalesce("~method", '') as method,
    try_cast("~status" as integer) as status,
    try_cast("~duration_ms" as double) as duration_ms,
    coalesce("~tenant", '') as tenant,
    coalesce("~version", '') as version,
    coalesce("~region", '') as region,
    coalesce("~environment", '') as environment,
    coalesce("~trace_id", '') as trace_id,
    coalesce("~span_id", '') as span_id,
    coalesce(try_cast("~is_bot" as boolean), {is_bot}) as is_bot,
    "~attributes" as attributes,
    reason
from ({judged})
