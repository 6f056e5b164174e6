-- How many log records there are to read.
select count()
from (
    {logs}
)
