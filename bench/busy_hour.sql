-- One hour of one service at so many requests a second, as ingestion would stage it. One in a thousand
-- requests fails; in the burning hour so do four in a hundred on /route/3 in eu, beside them. A new
-- version serves half of that hour's requests.
create or replace temp table staged_requests as
select
    range as line,
    timestamp '2026-07-01' + to_hours($hour) + to_microseconds(range * 1000000 // $rate) as time,
    'checkout' as service,
    '/route/' || hash(range, 1) % 20 as route,
    'GET' as method,
    cast(
        if(
            hash(range, $hour, 2) % 1000 = 0
            or ($burns and hash(range, 1) % 20 = 3 and hash(range, 3) % 3 = 0 and hash(range, $hour, 4) % 25 = 0),
            500, 200
        ) as integer
    ) as status,
    20 + hash(range, 5) % 900000 / 1000.0 as duration_ms,
    'tenant-' || cast(floor(pow(2000, hash(range, 6) % 1000000 / 1000000.0)) as integer) as tenant,
    if($burns and hash(range, 8) % 2 = 0, '2.1.0', '2.0.0') as version,
    ['eu', 'us', 'ap'][cast(1 + hash(range, 3) % 3 as integer)] as region,
    'production' as environment,
    format('{:x}', hash(range, $hour)) as trace_id,
    '' as span_id,
    hash(range, 7) % 25 = 0 as is_bot,
    cast(map {} as map(varchar, varchar)) as attributes
from range($rate * 3600)
