-- Remember the services that this feed of requests has not spoken of before.
insert into feed
select $batch, 'requests', $feed, service
from (select distinct service from staged_requests)
where
    service not in (
        select known.service
        from feed as known
        where known.kind = 'requests' and known.feed = $feed
    )
order by service
