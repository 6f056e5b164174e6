-- The batches that took a feed in up to a position or further.
select batch
from receipt
where kind = $kind and feed = $feed and position >= $position
