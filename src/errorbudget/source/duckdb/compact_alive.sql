-- One row for each time in which a sender was alive, gaps under 15 minutes joined, as of the newest batch
-- in it: they are read so.
create or replace temp table compacted as
with reached as (
    select
        alive.*,
        max(to_minute) over (
            partition by kind, feed
            order by from_minute, to_minute
            rows between unbounded preceding and 1 preceding
        ) as reached_minute
    from alive
    where to_minute < $before and batch not in (select batch from receipt where position > 0)
),

islands as (
    select
        *,
        count(*) filter (where from_minute - reached_minute >= 15) over (
            partition by kind, feed order by from_minute, to_minute rows unbounded preceding
        ) as island
    from reached
)

select
    max(batch) as batch,
    kind,
    feed,
    min(from_minute) as from_minute,
    max(to_minute) as to_minute,
    max(newest) as newest
from islands
group by kind, feed, island
