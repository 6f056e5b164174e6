-- How often a service answered with each status, how long it took, and how few people saw it.
with by_tenant as (
    select status, tenant, count(*) as requests
    from requests
    where service = $service and not is_bot
    group by status, tenant
)

select
    status,
    cast(sum(requests) as bigint) as requests,
    cast(max(requests) filter (where tenant <> '') as bigint) as of_one_tenant,
    count(*) filter (where tenant <> '') as tenants
from by_tenant
group by status
order by requests desc
limit 100
