-- One real request of each kind that the criteria may tell apart, the first there was of it.
select
    arg_min(
        struct_pack(
            route := route,
            method := method,
            status := status,
            duration_ms := duration_ms,
            is_bot := is_bot,
            attributes := attributes
        ),
        (time, batch, line)
    ) as request,
    count(*) as requests
from requests
where service in ($services)
group by
    status,
    is_bot,
    list_contains($left_out, route),
    duration_ms > $threshold,
    attributes[$attribute]
order by requests desc
limit 40
