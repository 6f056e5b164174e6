-- Valid and bad requests of some spans of minutes.
with minutes (minute, valid, bad) as (
    {tally}
),

spans (first, until) as (
    values {spans}
)

select
    timestamp '1970-01-01' + to_minutes(first) as starts,
    timestamp '1970-01-01' + to_minutes(until) as ends,
    sum(valid) as valid,
    sum(bad) as bad
from spans
inner join minutes on minute >= first and minute < until
group by all
order by starts
