-- the requests of ledger, in order of time
with planned as (
    select
        *,
        -- the batch of 01:00 has one request in all but every sixtieth pair of minutes: 31 in a night
        case when clock_hour >= 1 and clock_hour < 2 then if(m % 2 = 0 or m % 60 = 31, 1, 0)
            else whole(0.45, h) end as n
    from minutes
), slots as (
    select *, unnest(range(n)) as i from planned
), drawn as (
    select
        *,
        clock_hour >= 1 and clock_hour < 2 as is_batch,
        hash(getvariable('salt'), m, i) as own
    from slots
), judged as (
    select
        *,
        case
            when trouble = 'coarse-night' and m % 60 in (20, 44) then 'locked'
            when trouble = 'coarse-night' then 'fine'
            when coin(own, 1) < 0.0012 then 'locked'
            else 'fine' end as outcome
    from drawn
)
select
    make_timestamp_ms(epoch_ms(moment) + floor((i + coin(own, 2)) * 60000 / n)::bigint) as time,
    'ledger' as service,
    case when is_batch then '/close' when coin(own, 3) < 0.8 then '/post' else '/balance' end as route,
    if(is_batch or coin(own, 3) < 0.8, 'POST', 'GET') as method,
    if(outcome = 'locked', 500, 200)::integer as status,
    round(case when is_batch then 900 else 35 end * exp(0.4 * bell(own, 4)), 1) as duration_ms,
    '' as tenant,
    if(coin(own, 5) < rolled, version, previous) as version,
    'eu' as region,
    'production' as environment,
    format('1{:05x}{:04x}', m, i) as trace_id,
    format('1{:05x}{:04x}', m, i) as span_id,
    false as is_bot,
    map([]::varchar[], []::varchar[]) as attributes
from judged
