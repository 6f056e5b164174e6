-- Store the staged log records.
insert into logs
select
    $batch,
    line,
    epoch_ms(time) // 60000,
    time,
    service,
    coalesce(request_id, ''),
    coalesce(level, ''),
    coalesce(is_error, false),
    message,
    template,
    attributes
from staged_logs
order by time, line
