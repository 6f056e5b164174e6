-- How many of a document's requests were valid in each minute, and how many of those bad: by themselves,
-- or because a request of the same id failed elsewhere, from 1 hour before to 24 hours after. What a
-- person says of the request itself outranks that.
{known},

judged as (
    select
        minute,
        {is_valid} as is_valid,
        {is_bad} as is_bad,
        verdict is distinct from 'good' and exists (
            select 1
            from failed_elsewhere as failed
            where
                failed.request_id = known.request_id
                and failed.time between known.time - interval 1 hour and known.time + interval 24 hours
        ) as failed_elsewhere
    from known
)

select
    minute,
    count(*) filter (where is_valid),
    count(*) filter (where is_valid and (is_bad or failed_elsewhere))
from judged
group by minute
