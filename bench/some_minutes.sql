-- One request a minute of each of so many services, as ingestion would stage it.
create or replace temp table staged_requests as
select
    row_number() over (order by minute, service) as line,
    make_timestamp(cast((minute * 60 + 30) * 1000000 as bigint)) as time,
    'service-' || service as service,
    '/' as route,
    'GET' as method,
    cast(if(hash(minute, service) % 1000 = 0, 500, 200) as integer) as status,
    20.0 + hash(service, minute) % 1000 as duration_ms,
    '' as tenant,
    '1' as version,
    'eu' as region,
    'production' as environment,
    format('{:x}', hash(service, minute, 1)) as trace_id,
    format('{:x}', hash(service, minute, 2)) as span_id,
    false as is_bot,
    cast(map {} as map(varchar, varchar)) as attributes
from range($first, $last) as minutes (minute), range($services) as services (service)
