-- the requests of search, in order of time
with planned as (
    select
        *,
        whole(200 * getvariable('scale') * daily, h) as people,
        -- t-acme usually sends ln(4/3)/ln(121), one request in seventeen; 39 more of each make forty times
        if(trouble = 'tenant-flood', whole(200 * getvariable('scale') * daily * 39 * 0.06, hash(h)), 0) as flood
    from minutes
), slots as (
    select *, 2 + people + flood as n, unnest(range(2 + people + flood)) as i from planned
), drawn as (
    select *, i < 2 as is_probe, hash(getvariable('salt'), m, i) as own from slots
), asked as (
    select
        *,
        case when is_probe then '/healthz'
            when coin(own, 2) < 0.55 then '/search'
            when coin(own, 2) < 0.88 then '/suggest'
            else '/facets' end as route,
        not is_probe and coin(own, 3) * (people + flood) < flood as is_flood,
        coin(own, 4) as tenant_share,
        not is_probe and coin(own, 5) < 0.08 as is_robot
    from drawn
), named as (
    select
        *,
        case when is_probe then '' when is_flood then 't-acme' else tenant(tenant_share) end as tenant,
        if(is_flood, false, is_robot) as is_bot,
        if(trouble = 'slow-index', 1 + 2.5 * least(1, progress_of_trouble * 74 / 72), 1) as slowness
    from asked
), judged as (
    select
        *,
        case
            when is_probe then 'fine'
            when trouble = 'tenant-flood' and tenant = 't-acme' and coin(own, 6) < 0.30 then 'timeout'
            when trouble = 'tenant-flood' and coin(own, 6) < 0.02 then 'timeout'
            when coin(own, 6) > 0.9994 then 'index'
            when coin(own, 6) > 0.9990 then 'timeout'
            when coin(own, 6) > 0.97 then 'refused'
            else 'fine' end as outcome
    from named
)
select
    make_timestamp_ms(epoch_ms(moment) + floor((i + coin(own, 8)) * 60000 / n)::bigint) as time,
    'search' as service,
    route,
    'GET' as method,
    case outcome when 'fine' then 200 when 'refused' then if(coin(own, 9) < 0.7, 404, 400)
        when 'timeout' then 504 else 500 end::integer as status,
    round(case
        when is_probe then 1 + 2 * coin(own, 7)
        when outcome = 'timeout' then 2000 + 20 * coin(own, 7)
        when outcome <> 'fine' then 5 + 15 * coin(own, 7)
        else 60 * slowness * exp(0.5 * bell(own, 7)) end, 1) as duration_ms,
    tenant,
    if(coin(own, 10) < rolled, version, previous) as version,
    case when coin(own, 11) < 0.60 then 'eu' when coin(own, 11) < 0.88 then 'us' else 'ap' end as region,
    'production' as environment,
    format('5{:05x}{:04x}', m, i) as trace_id,
    format('5{:05x}{:04x}', m, i) as span_id,
    is_bot,
    map([]::varchar[], []::varchar[]) as attributes
from judged
