-- Each tenant's requests; the share of good ones by request, and with each tenant counting the same.
with tenants (tenant, valid, bad) as (
    {by_value}
)

select
    tenant,
    valid,
    bad,
    1 - sum(bad) over () / sum(valid) over () as by_request,
    avg(1 - bad / valid) over () as by_tenant
from tenants
where tenant <> ''
order by bad desc, tenant
