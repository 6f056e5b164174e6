-- Which services may differ from what they were when a batch was the newest: those with new rows, and
-- those whose feeds were alive for longer, told in one question for a fleet of any size.
select service from touched where batch > $since
union
select service from corrections where batch > $since
union
select feed.service
from feed
where exists (
    select 1 from alive
    where alive.batch > $since and alive.kind = feed.kind and alive.feed = feed.feed
)
