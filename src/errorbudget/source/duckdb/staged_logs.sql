-- How many log records are staged, and from when to when.
select count(*), min(time), max(time) from staged_logs
