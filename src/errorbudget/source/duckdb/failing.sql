-- The newest bad requests of one indicator, each with how many there are in all.
{known}

select
    time,
    service,
    route,
    method,
    status,
    duration_ms,
    tenant,
    version,
    region,
    coalesce(request_id, ''),
    cast(error_logs as bigint),
    cast(corrections as bigint),
    count(*) over ()
from known
where {is_bad}
order by time desc, batch desc, line desc
limit $most
