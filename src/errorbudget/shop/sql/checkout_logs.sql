-- what checkout writes down about its requests: every failure and delay, and one request in a hundred
with told as (
    select
        *,
        coalesce(attributes['error.type'], '') as error_type,
        attributes['receipt'] is not null as is_deferred,
        hash(trace_id) as h,
        1000000 + hash(trace_id) % 9000000 as order_number
    from read_parquet(getvariable('requests'))
), picked as (
    select * from told
    where error_type <> '' or is_deferred or status is null or duration_ms > 1200
        or (route <> '/healthz' and status = 200 and coin(h, 1) < 0.01)
), written as (
    select
        time + to_milliseconds(floor(duration_ms)::bigint) as time,
        case when error_type = 'invalid_input' then 'WARN' when error_type = 'provider_refused' then 'WARN'
            when error_type <> '' or is_deferred or status is null then 'ERROR'
            when duration_ms > 1200 then 'WARN' else 'INFO' end as level,
        case
            when error_type = 'rounding' then format(
                'cannot round {},{:02d} EUR of order {}: no minor unit for currency EUR in table 2026.7',
                5 + h % 400, (h >> 20) % 100, order_number)
            when error_type = 'provider_timeout' then format(
                'payment provider acquirer-{} timed out after 3000 ms, order {} not paid', 1 + h % 2, order_number)
            when error_type = 'provider_refused' then format(
                'payment provider acquirer-{} refused the connection, order {} will be tried again',
                1 + h % 2, order_number)
            when error_type = 'pool_exhausted' then format(
                'no database connection for order {} within 3000 ms: 40 of 40 in use', order_number)
            when error_type = 'database' then format(
                'database closed the connection while writing order {}: SSL SYSCALL error: EOF detected', order_number)
            when error_type = 'invalid_input' then format(
                'address of order {} rejected: postal code {} is not valid in this country', order_number, h % 99999)
            when is_deferred then format('receipt for order {} could not be queued: broker not available', order_number)
            when status is null then format('customer of order {} gone before an answer was ready', order_number)
            when duration_ms > 1200 and route = '/voucher' then format(
                'voucher lookup for order {} scanned {} rows in {} ms', order_number, 41000 + h % 9000,
                floor(duration_ms)::bigint)
            when duration_ms > 1200 then format(
                'order {} waited {} ms for a lock', order_number, floor(duration_ms)::bigint)
            when route = '/pay' then format('order {} paid in {} ms', order_number, floor(duration_ms)::bigint)
            else format('{} {} answered {} in {} ms', method, route, status, floor(duration_ms)::bigint)
            end as message,
        trace_id,
        map_from_entries(list_filter([
            {'k': 'pod', 'v': format('checkout-{}', 1 + h % 6)},
            {'k': 'version', 'v': version},
            if(error_type like 'provider%', {'k': 'dependency', 'v': 'payments'}, null),
            if(error_type in ('database', 'pool_exhausted'), {'k': 'dependency', 'v': 'database'}, null),
            if(is_deferred, {'k': 'dependency', 'v': 'broker'}, null)
        ], lambda pair: pair is not null)) as attributes
    from picked
)
select stamp(time) as time, 'checkout' as service, level, message, trace_id, attributes
from (from written union all from beats)
where time >= getvariable('log_from') and time < getvariable('log_to')
order by time, trace_id, message
