-- When error-level log records spoke of each request id, in microseconds.
left join (
    select l_request_id, groupArray(toUnixTimestamp64Micro(toDateTime64(l_time, 6))) as k_errors
    from (
        {logs}
    )
    where l_is_error and l_request_id <> ''
    group by l_request_id
) as errors on scoped.k_request_id = errors.l_request_id
