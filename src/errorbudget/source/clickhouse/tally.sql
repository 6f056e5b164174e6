-- How many of a document's requests were valid, and how many of those bad, in each minute.
{known}

select q_minute, {counts}
from known
group by q_minute
