-- The newest bad requests of one indicator, each with how many there are in all.
{known}

select
    toUnixTimestamp64Micro(toDateTime64(q_time, 6)),
    q_service,
    q_route,
    q_method,
    q_status,
    q_duration_ms,
    q_tenant,
    q_version,
    q_region,
    coalesce(k_request_id, ''),
    q_error_logs,
    q_corrections,
    count() over ()
from known
where {is_bad}
order by q_time desc, q_span_id desc
limit {{most:UInt32}}
