-- How many requests of each of some services, whose documents judge alike, were valid, and how many of
-- those bad, in each minute.
{known}

select service, minute, {counts}
from known
group by service, minute
