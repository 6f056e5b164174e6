-- The records of a piece that are set aside, and why.
select
    "~line",
    reason,
    left("~text", {shown})
from ({judged})
where reason is not null
order by "~line"
