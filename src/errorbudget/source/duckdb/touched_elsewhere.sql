-- The ids and times of another service's requests in minutes that are counted again.
create or replace temp table touched_elsewhere as
select distinct request_id, time
from ({scoped}) as scoped
where request_id is not null
