-- Store a verdict on each request id, unless it only repeats the verdict in force.
insert into corrections
select $batch, $now, $service, id, $verdict, $reason
from (select unnest($request_ids::varchar[]) as id)
where
    id not in (
        select request_id
        from corrections
        where service = $service
        group by request_id
        having
            arg_max(verdict, (recorded_at, batch)) = $verdict
            and arg_max(reason, (recorded_at, batch)) = $reason
    )
