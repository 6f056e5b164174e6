-- The verdict in force on each corrected request id, and how often it was called bad.
select
    service,
    request_id,
    arg_max(verdict, (recorded_at, batch)) as verdict,
    count(*) filter (where verdict = 'bad') as corrections
from corrections
where service in ({services})
group by service, request_id
