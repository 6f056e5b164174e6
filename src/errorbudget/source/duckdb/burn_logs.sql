-- The log records of a burn and of the time before it, each with what it belongs to: 0 the time
-- before, 1 the burn, 2 a good request of it, 3 a bad one. One in {stride} is read, as
-- they came: which templates are found depends on the order.
{known},

records as (
    select *
    from logs
    where
        service in (select unnest($own))
        and minute between $first and $last
        and hash(batch, line) % {stride} = 0
),

judged (request_id, valid, bad) as (
    select request_id, {counts}
    from known
    where request_id in (select request_id from records where minute >= $burn)
    group by request_id
)

select
    coalesce(records.message, ''),
    records.template,
    case
        when records.minute < $burn then 0
        when judged.bad > 0 then 3
        when judged.valid > 0 then 2
        else 1
    end,
    records.request_id,
    records.is_error
from records
left join judged on records.request_id = judged.request_id
order by records.batch, records.line
