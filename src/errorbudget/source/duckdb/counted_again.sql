-- Valid and bad requests of spans of minutes, each by its number.
with minutes (minute, valid, bad) as (
    {tally}
),

spans (line, since, until) as (
    values {spans}
)

select
    line,
    coalesce(sum(valid), 0) as valid,
    coalesce(sum(bad), 0) as bad
from spans
left join minutes on minute >= since and minute < until and not ({left_out})
group by line
order by line
