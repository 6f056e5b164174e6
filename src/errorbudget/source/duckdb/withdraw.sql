-- Take what some batches brought to a table out of it.
delete from {table}
where list_contains($withdrawn::bigint[], batch)
