-- How many log records there are to read.
select count(*)
from logs
where service in (select unnest($own)) and minute between $first and $last
