-- Remember which batch is the newest now.
insert into settled
select $now, coalesce(max(batch), 0)
from receipt
