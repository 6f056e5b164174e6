-- When the feeds of each service were alive: spans of minutes, gaps under 15 minutes joined.
-- A feed of logs that does not name services speaks for all of them.
with spans as (
    select asked.service, alive.from_minute, alive.to_minute
    from (select unnest($services::varchar[]) as service) as asked
    inner join feed
        on feed.service = asked.service or (feed.kind = 'logs' and feed.service = '')
    inner join alive on feed.kind = alive.kind and feed.feed = alive.feed
    where feed.kind = '{kind}'
),

reached as (
    select
        *,
        max(to_minute) over (
            partition by service
            order by from_minute, to_minute
            rows between unbounded preceding and 1 preceding
        ) as reached_minute
    from spans
),

islands as (
    select
        *,
        count(*) filter (where from_minute - reached_minute >= 15) over (
            partition by service order by from_minute, to_minute rows unbounded preceding
        ) as island
    from reached
)

select service, min(from_minute) as from_minute, max(to_minute) as to_minute
from islands
group by service, island
order by service, from_minute
