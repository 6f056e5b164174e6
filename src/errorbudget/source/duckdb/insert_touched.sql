-- Remember which minutes a batch of requests has rows in.
insert into touched
select batch, service, minute, count(*)
from requests
where batch = $batch
group by batch, service, minute
order by service, minute
