-- How many requests lie before one minute, and how many log records before another.
select
    (select count(*) from requests where minute < $requests),
    (select count(*) from logs where minute < $logs)
