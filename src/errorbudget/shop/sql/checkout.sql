-- the requests of checkout, in order of time
with planned as (
    select
        *,
        case when trouble = 'vanished' then 0 else 1 end as probes,
        case when trouble = 'vanished' then 0
            else whole(40 * getvariable('scale') * daily * pow(1.03, day / 30) * if(trouble = 'crowd', 1.6, 1), h)
        end as customers,
        if(trouble = 'eur-rounding', 0.15, 0.004) as again
    from minutes
), slots as (
    select *, probes + customers as n, unnest(range(probes + customers)) as i from planned
), drawn as (
    select
        *,
        i < probes as is_probe,
        hash(getvariable('salt'), m, i) as own,
        hash(getvariable('salt'), m, i - 1) as before,
        hash(getvariable('salt'), m, i + 1) as after
    from slots
), attempts as (
    -- a slot may be the second attempt of the payment in the slot before it
    select
        *,
        i > probes and coin(own, 1) < again and coin(before, 1) >= again and coin(before, 2) < 0.44 as is_second,
        i + 1 < n and not is_probe and coin(after, 1) < 0.004 and coin(own, 1) >= again and coin(own, 2) < 0.44
            as is_retried
    from drawn
), people as (
    select
        *,
        if(is_second, before, own) as who,
        if(is_second, i - 1, i) as first_slot,
        if(coin(own, 3) < rolled, version, previous) as serving
    from attempts
), asked as (
    select
        *,
        case
            when is_probe then '/healthz'
            when coin(who, 2) < 0.44 then '/pay'
            when coin(who, 2) < 0.69 then '/cart'
            when coin(who, 2) < 0.80 then '/shipping'
            when coin(who, 2) < 0.89 then '/address'
            when coin(who, 2) < 0.94 then '/orders'
            else '/voucher' end as route,
        case when coin(who, 4) < 0.70 then 'eu' when coin(who, 4) < 0.91 then 'us' else 'ap' end as region,
        coin(who, 5) as tenant_share
    from people
), paid as (
    select
        *,
        case
            when region = 'eu' then if(floor(pow(121, tenant_share)) % 9 = 5, 'GBP', 'EUR')
            when region = 'us' then if(floor(pow(121, tenant_share)) % 7 = 4, 'EUR', 'USD')
            else if(floor(pow(121, tenant_share)) % 2 = 0, 'JPY', 'SGD') end as currency,
        if(day < 63.43, 1.0, 0.6) as strain
    from asked
), judged as (
    select
        *,
        case
            when is_probe then if(coin(own, 6) < 0.0005, 'database', 'fine')
            when trouble = 'eur-rounding' and serving in ('2.14.0', '2.20.0') and route = '/pay' and region = 'eu'
                and currency = 'EUR' then 'rounding'
            when is_retried then 'provider_refused'
            when trouble = 'provider-outage' and route = '/pay' and coin(own, 6) < 0.125 then 'provider_timeout'
            when trouble = 'voucher-scan' and serving = '2.18.0' and route = '/voucher' and coin(own, 6) < 0.75
                then 'stuck'
            when trouble = 'crowd' and coin(own, 6) < 0.035 then 'pool_exhausted'
            when coin(own, 7) < 0.000215 * strain then 'database'
            when coin(own, 7) < 0.000355 * strain then 'stuck'
            when coin(own, 7) < 0.000415 * strain then 'no_answer'
            when coin(own, 7) < 0.000475 * strain then 'receipt'
            when coin(own, 7) between 0.001 and 0.00103 then 'gave_up'
            when coin(own, 7) between 0.002 and 0.005 then 'left'
            when coin(own, 7) between 0.006 and 0.042 then 'refused'
            when route = '/address' and coin(own, 7) between 0.05 and 0.055 then 'invalid_input'
            else 'fine' end as outcome
    from paid
)
select
    make_timestamp_ms(epoch_ms(moment) + floor((i + coin(own, 8)) * 60000 / n)::bigint) as time,
    'checkout' as service,
    route,
    if(route in ('/healthz', '/orders', '/shipping'), 'GET', 'POST') as method,
    case outcome
        when 'fine' then 200
        when 'stuck' then 200
        when 'receipt' then 200
        when 'no_answer' then null
        when 'provider_timeout' then 503
        when 'pool_exhausted' then 503
        when 'provider_refused' then 502
        when 'left' then 499
        when 'gave_up' then 499
        when 'refused' then [400, 401, 404, 404, 409, 422, 422, 429][1 + floor(8 * coin(own, 9))::integer]
        else 500 end::integer as status,
    round(case
        when is_probe then 2 + 3 * coin(own, 10)
        when outcome in ('stuck', 'gave_up') then 2400 + 9000 * pow(coin(own, 10), 2)
        when outcome = 'no_answer' then 30000
        when outcome in ('provider_timeout', 'pool_exhausted') then 3000 + 60 * coin(own, 10)
        when outcome in ('rounding', 'invalid_input', 'provider_refused') then 20 + 30 * coin(own, 10)
        when outcome = 'refused' then 8 + 20 * coin(own, 10)
        else least(940, exp(0.42 * bell(own, 10)) * if(trouble = 'crowd', 1.4, 1)
            * case route when '/pay' then 105 when '/cart' then 55 when '/orders' then 80 else 65 end)
        end, 1) as duration_ms,
    if(is_probe, '', tenant(tenant_share)) as tenant,
    serving as version,
    region,
    'production' as environment,
    format('c{:05x}{:04x}', m, i) as trace_id,
    format('c{:05x}{:04x}', m, i) as span_id,
    false as is_bot,
    map_from_entries(list_filter([
        if(route = '/pay', {'k': 'idempotency_key', 'v': format('pay-{:05x}{:04x}', m, first_slot)}, null),
        if(route = '/pay', {'k': 'payment.currency', 'v': currency}, null),
        if(is_second, {'k': 'attempt', 'v': '2'}, null),
        if(outcome = 'receipt', {'k': 'receipt', 'v': 'deferred'}, null),
        if(outcome in ('rounding', 'provider_timeout', 'provider_refused', 'pool_exhausted', 'database',
            'invalid_input'),
            {'k': 'error.type', 'v': outcome}, null)
    ], lambda pair: pair is not null)) as attributes
from judged
