-- Store the staged log records.
insert into logs
select
    $batch,
    line,
    epoch_ms(time) // 60000,
    time,
    service,
    request_id,
    level,
    is_error,
    message,
    template,
    attributes
from staged_logs
order by time, line
