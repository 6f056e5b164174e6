-- When the first log record of each of these requests was written, of some services and a time.
select request_id, min(time)
from logs
where
    service in (select unnest($services::varchar[]))
    and request_id in (select unnest($request_ids::varchar[]))
    and minute >= $first
    and minute < $until
group by request_id
