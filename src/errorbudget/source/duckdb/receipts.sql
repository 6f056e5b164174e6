-- How far each feed of requests or logs has been taken in.
select feed, key, position, line
from receipt
where kind <> 'corrections'
qualify row_number() over (partition by kind, feed order by batch desc) = 1
order by batch
