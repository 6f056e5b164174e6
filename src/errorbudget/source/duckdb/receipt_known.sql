-- Has exactly this batch been taken in before?
select count(*) > 0
from receipt
where kind = $kind and feed = $feed and key = $key and position = $position
