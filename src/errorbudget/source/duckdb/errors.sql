-- How many error-level log records speak of each request, from 1 hour before it to 24 hours after.
select scoped.batch, scoped.line, count(*) as error_logs
from logs
inner join scoped
    on
        logs.request_id = scoped.request_id
        and logs.service in ('', {services})
        and logs.time between scoped.time - interval 1 hour and scoped.time + interval 24 hours
where logs.is_error
group by scoped.batch, scoped.line
