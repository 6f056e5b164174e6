-- One day of five services, as ingestion would stage it; 90 of them are 20 million requests.
create or replace temp table staged_requests as
select
    range as line,
    timestamp '2026-07-01' + to_days($day) + to_milliseconds(cast(range * 86400000.0 / $rows as bigint)) as time,
    ['checkout', 'search', 'ledger', 'cart', 'mail'][cast(1 + hash(range) % 5 as integer)] as service,
    '/route/' || hash(range + 1) % 6 as route,
    'GET' as method,
    cast(
        case when hash(range * 7 + $day) % 500 = 0 then 500
            when hash(range * 7 + $day) % 50 = 0 then 404
            else 200
        end as integer
    ) as status,
    20 + hash(range * 3 + $day) % 1300000 / 1000.0 as duration_ms,
    'tenant-' || hash(range * 5) % 120 as tenant,
    '2.' || $day // 7 || '.0' as version,
    ['eu', 'us', 'ap'][cast(1 + hash(range * 11) % 3 as integer)] as region,
    'production' as environment,
    md5($day || '-' || range) as trace_id,
    substr(md5($day || '+' || range), 1, 16) as span_id,
    hash(range * 13) % 25 = 0 as is_bot,
    cast(map {} as map(varchar, varchar)) as attributes
from range($rows)
