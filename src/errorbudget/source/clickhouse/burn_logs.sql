-- The log records of a burn and of the time before it, each with what it belongs to: 0 the time
-- before, 1 the burn, 2 a good request of it, 3 a bad one. One in so many is read.
{known},

records as (
    select *
    from (
        {logs}
    )
    where cityHash64(l_time, l_request_id, l_message) % {{stride:UInt64}} = 0
),

judged as (
    select assumeNotNull(k_request_id) as request_id, countIf({is_valid}) as valid, countIf({is_bad}) as bad
    from known
    where k_request_id is not null
    group by request_id
)

select
    l_message,
    nullIf(l_template, ''),
    multiIf(
        l_time < toDateTime({{burn:Int64}} * 60, 'UTC'), 0,
        judged.bad > 0, 3,
        judged.valid > 0, 2,
        1
    ),
    l_request_id,
    l_is_error
from records
left join judged on records.l_request_id = judged.request_id
limit {{most:UInt32}}
