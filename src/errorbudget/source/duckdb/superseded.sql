-- Attempts that a later attempt of the same operation replaces within 24 hours.
-- Retries are rare: hashes find the candidates in little memory, the operation itself decides.
with attempts as not materialized (
    {attempts}
),

retried as (
    select hash(operation) as operation_hash
    from attempts
    where operation is not null
    group by operation_hash
    having count(*) > 1
),

followed as (
    select
        batch,
        line,
        time,
        lead(time) over (partition by operation order by time, batch, line) as next_time
    from attempts
    where hash(operation) in (select operation_hash from retried)
)

select batch, line
from followed
where next_time <= time + interval 24 hours
