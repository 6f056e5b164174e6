-- A document's requests with what is told of each beside what was sent.
with requests as (
    {requests}
),

scoped as (
    select *, {request_id} as k_request_id, {operation} as k_operation
    from requests
    where {environment} and {scope}
),

known as (
    select *, {error_logs} as q_error_logs, toInt64(0) as q_corrections
    from {attempts}
    {joins}
)
