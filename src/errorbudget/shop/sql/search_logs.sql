-- what search writes down about its requests: every failure, every slow shard, and one request in five hundred
with told as (
    select *, hash(trace_id) as h from read_parquet(getvariable('requests')) where route <> '/healthz'
), picked as (
    select * from told where status >= 500 or duration_ms > 550 or (status = 200 and coin(h, 1) < 0.002)
), written as (
    select
        time + to_milliseconds(floor(duration_ms)::bigint) as time,
        case when status >= 500 then 'ERROR' when duration_ms > 550 then 'WARN' else 'INFO' end as level,
        case
            when status = 504 then format(
                'query of tenant {} cancelled after 2000 ms: {} queries running, limit 40', tenant, 41 + h % 30)
            when status >= 500 then format('index node idx-{} refused the connection', 1 + h % 4)
            when duration_ms > 550 then format(
                'index shard {} answered in {} ms, expected 250', 1 + h % 16, floor(duration_ms)::bigint)
            else format('{} answered {} results in {} ms', route, h % 400, floor(duration_ms)::bigint)
            end as message,
        trace_id,
        map_from_entries(list_filter([
            {'k': 'pod', 'v': format('search-{}', 1 + h % 6)},
            {'k': 'version', 'v': version},
            if(status = 500 or (status = 200 and duration_ms > 550), {'k': 'dependency', 'v': 'index'}, null)
        ], lambda pair: pair is not null)) as attributes
    from picked
)
select stamp(time) as time, 'search' as service, level, message, trace_id, attributes
from (from written union all from beats)
where time >= getvariable('log_from') and time < getvariable('log_to')
order by time, trace_id, message
