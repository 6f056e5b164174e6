-- Remember the services that this feed of log records has not spoken of before.
insert into feed
select $batch, 'logs', $feed, service
from (select distinct service from staged_logs)
where
    service not in (
        select known.service
        from feed as known
        where known.kind = 'logs' and known.feed = $feed
    )
order by service
