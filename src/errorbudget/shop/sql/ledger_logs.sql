-- what ledger writes down about its requests: every failure, and one request in ten
with told as (
    select *, hash(trace_id) as h from read_parquet(getvariable('requests'))
), written as (
    select
        time + to_milliseconds(floor(duration_ms)::bigint) as time,
        if(status >= 500, 'ERROR', 'INFO') as level,
        case
            when status >= 500 then format('posting refused: account {} is locked by another batch', 4000 + h % 900)
            else format('{} of {} postings in {} ms', route, 1 + h % 500, floor(duration_ms)::bigint) end as message,
        trace_id,
        map(['pod', 'version'], [format('ledger-{}', 1 + h % 6), version]) as attributes
    from told where status >= 500 or coin(h, 1) < 0.1
)
select stamp(time) as time, 'ledger' as service, level, message, trace_id, attributes
from (from written union all from beats)
where time >= getvariable('log_from') and time < getvariable('log_to')
order by time, trace_id, message
