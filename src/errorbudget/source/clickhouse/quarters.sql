-- In which quarters of an hour there are rows at all, whoever sent them.
select distinct toInt64(intDiv(toUnixTimestamp({time}), 900)) as quarter
from {table}
where {time} >= toDateTime({{since:Int64}} * 60, 'UTC') and {time} < toDateTime({{until:Int64}} * 60, 'UTC')
order by quarter
