-- One row for each minute and service in which senders' batches have rows, as of the newest of them: who
-- asks what is newer than a batch hears of a minute once too often at worst.
create or replace temp table compacted as
select max(batch) as batch, service, minute, cast(sum(requests) as bigint) as requests
from touched
where minute < $before and batch not in (select batch from receipt where position > 0)
group by service, minute
