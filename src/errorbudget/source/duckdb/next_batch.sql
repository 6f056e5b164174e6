-- The number of the next batch.
select coalesce(max(batch), 0) + 1 from receipt
