-- How often a service answered with each status, by how many tenants and in how many hours it was seen.
with by_tenant as (
    select status, tenant, count(*) as requests
    from requests
    where service in ($services) and not is_bot
    group by status, tenant
),

by_hour as (
    select status, count(distinct minute // 60) as hours
    from requests
    where service in ($services) and not is_bot
    group by status
)

select
    by_tenant.status,
    cast(sum(requests) as bigint) as requests,
    cast(max(requests) filter (where tenant <> '') as bigint) as of_one_tenant,
    count(*) filter (where tenant <> '') as tenants,
    any_value(hours) as hours
from by_tenant
inner join by_hour on by_tenant.status is not distinct from by_hour.status
group by by_tenant.status
order by requests desc
limit 100
