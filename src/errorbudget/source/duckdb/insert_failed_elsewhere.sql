-- The bad requests of one of those services.
insert into failed_elsewhere
{known}

select request_id, time
from known
where request_id is not null and {is_bad}
