-- How many requests of an environment a service served from one moment up to, and without, another.
select count()
from (
    {requests}
)
where
    toUnixTimestamp64Micro(toDateTime64(q_time, 6)) >= {{since:Int64}}
    and toUnixTimestamp64Micro(toDateTime64(q_time, 6)) < {{until:Int64}}
    and {environment}
