-- Minutes of requests for which a feed of logs turned out to be alive; joined gaps are under 15 minutes.
select distinct touched.minute
from touched
inner join feed on feed.service in ('', touched.service)
inner join alive
    on
        feed.kind = alive.kind
        and feed.feed = alive.feed
        and touched.minute between alive.from_minute - 15 and alive.to_minute + 15
where
    feed.kind = 'logs'
    and greatest(feed.batch, alive.batch) > $since
    and touched.service in ({services})
