-- In how many bad and good requests of a document each of some other services took part; the
-- empty name is of all that have a trace. Good ones are a sample: those whose hash falls in it.
{known},

judged as (
    select q_trace_id as trace_id, countIf({is_bad}) > 0 as is_bad
    from known
    where q_trace_id <> '' and {is_valid}
    group by q_trace_id
    having is_bad or cityHash64(q_trace_id) % {{stride:UInt64}} = 0
),

met as (
    select distinct q_service as service, q_trace_id as trace_id
    from (
        {requests}
    )
    where q_trace_id <> ''
)

select '' as service, countIf(is_bad), countIf(not is_bad)
from judged
union all
select met.service, countIf(judged.is_bad), countIf(not judged.is_bad)
from met
inner join judged on met.trace_id = judged.trace_id
group by met.service
