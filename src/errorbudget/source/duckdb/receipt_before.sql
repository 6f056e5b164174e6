-- How far a feed had been taken in before a position.
select key, position, line
from receipt
where kind = $kind and feed = $feed and position < $position
order by batch desc
limit 1
