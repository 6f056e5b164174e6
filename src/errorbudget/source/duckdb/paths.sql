-- In how many bad and good requests of a document each of some other services took part; the
-- empty name is of all that have a trace. Good ones are a sample: those whose hash falls in it,
-- which is asked of each row before any is gathered by trace.
{known},

judged (trace_id, valid, bad) as (
    select trace_id, {counts}
    from known
    where trace_id <> '' and (hash(trace_id) % {stride} = 0 or {is_bad})
    group by trace_id
),

asked as (
    select trace_id, bad > 0 as is_bad
    from judged
    where valid > 0
),

met as (
    select distinct service, trace_id
    from requests
    where
        service in (select unnest($others))
        and minute between $first and $last
        and trace_id in (select trace_id from asked)
)

select '' as service, count(*) filter (where is_bad), count(*) filter (where not is_bad)
from asked
union all
select service, count(*) filter (where is_bad), count(*) filter (where not is_bad)
from met
inner join asked using (trace_id)
group by service
