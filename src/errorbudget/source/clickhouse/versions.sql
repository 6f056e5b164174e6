-- Which versions of a service had served requests of an environment before a moment, in the order
-- they first did. Requests without an environment belong to any.
select q_version, min(toUnixTimestamp64Micro(toDateTime64(q_time, 6))) as first_at, count()
from (
    {requests}
)
where q_version <> '' and {environment}
group by q_version
order by first_at, q_version
