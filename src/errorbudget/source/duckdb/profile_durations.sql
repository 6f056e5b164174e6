-- How long requests that did not fail took: 20 bins a decade, for each of the busiest routes and the rest.
select
    case when route in (select unnest($routes)) then route end as route,
    cast(floor(20 * log10(greatest(duration_ms, 0.001))) as integer) as bin,
    count(*) as requests
from requests
where
    service in ($services)
    and not is_bot
    and duration_ms is not null
    and coalesce(status < 400, true)
    and coalesce(not list_contains($left_out, route), true)
group by all
order by all
