-- The newest row of a table, in microseconds, looked for not far back.
select toUnixTimestamp64Micro(toDateTime64(max({time}), 6)), count()
from {table}
where {time} >= toDateTime({{since:Int64}} * 60, 'UTC') and {time} < toDateTime({{until:Int64}} * 60, 'UTC')
