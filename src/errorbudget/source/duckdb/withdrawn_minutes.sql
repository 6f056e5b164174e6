-- Minutes that batches after one have taken rows from.
select distinct minute
from touched
where batch > $since and requests = 0 and service in ({services})
