-- For each of these services: its first minute, the newest row of its feeds of requests and of logs, and
-- the newest request that came in a batch: files have positions.
select
    asked.service,
    (select min(minute) from touched where touched.service = asked.service and touched.requests > 0),
    max(alive.newest) filter (where feed.kind = 'requests'),
    max(alive.newest) filter (where feed.kind = 'logs'),
    max(alive.newest) filter (where feed.kind = 'requests' and receipt.position = 0)
from (select unnest($services::varchar[]) as service) as asked
inner join feed
    on feed.service = asked.service or (feed.kind = 'logs' and feed.service = '')
inner join alive on feed.kind = alive.kind and feed.feed = alive.feed
inner join receipt on alive.batch = receipt.batch
group by asked.service
