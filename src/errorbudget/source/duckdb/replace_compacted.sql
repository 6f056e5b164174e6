-- Put the compacted rows in the place of those they were made of.
delete from {table}
where {end_minute} < $before and batch not in (select batch from receipt where position > 0)
