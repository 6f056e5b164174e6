-- Minutes of a range in which services had requests.
select distinct minute
from touched
where service in ({services}) and ({minutes})
