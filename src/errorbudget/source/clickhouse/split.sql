-- How many of a document's requests were valid, and how many of those bad, in each minute, by
-- version and route.
{known}

select q_minute, {version}, q_route, {counts}
from known
{joins}
group by all
having {valid} > 0
