-- A document's requests, as they were sent.
select
    *,
    nullif(cast({request_id} as varchar), '') as request_id,
    nullif(cast({operation} as varchar), '') as operation
from requests
where
    service in ({services})
    and {environment}
    and {scope}
    and ({minutes})
