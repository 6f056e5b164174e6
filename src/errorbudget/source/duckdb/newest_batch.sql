-- The newest batch; 0 before the first.
select coalesce(max(batch), 0) from receipt
