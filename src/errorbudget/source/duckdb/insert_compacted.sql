-- The rows that take their place.
insert into {table} by name select * from compacted
