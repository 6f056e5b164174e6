-- The Collector's rows, with columns that a configuration gives in the place of their own.
select * replace ({columns})
from (
    {relation}
)
