-- How many rows are staged, and from when to when.
select count(*), min(time), max(time) from {table}
