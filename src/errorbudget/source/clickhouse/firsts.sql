-- The minute of the first request of each service.
select q_service, min(q_minute)
from (
    {requests}
)
group by q_service
