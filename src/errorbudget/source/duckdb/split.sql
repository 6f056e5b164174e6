-- How many of a document's requests were valid, and how many of those bad, in each minute, by
-- version and route.
{known},

counted (minute, version, route, valid, bad) as (
    select minute, coalesce(version, ''), coalesce(route, ''), {counts}
    from {relation}
    group by all
)

select * from counted
where valid > 0
order by minute, version, route
