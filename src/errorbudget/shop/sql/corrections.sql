-- the orders that answered 200 and were stored wrongly, as reconciliation finds them three days later
select trace_id
from read_parquet(getvariable('requests'))
where time >= getvariable('from') and time < getvariable('to')
    and route = '/pay' and region = 'us' and status = 200 and duration_ms <= 1200
    and attributes['receipt'] is null
    and attributes['idempotency_key'] not in (
        select attributes['idempotency_key'] from read_parquet(getvariable('requests'))
        where attributes['attempt'] is not null
            and time >= getvariable('from') and time < getvariable('to'))
order by hash(trace_id)
limit getvariable('orders')
