-- How many requests are staged, and from when to when.
select count(*), min(time), max(time) from staged_requests
