-- How many of a document's requests were valid, and how many of those bad, in each minute.
with scoped as not materialized (
    {scoped}
),

known as (
    select
        scoped.*,
        {error_logs} as error_logs,
        {corrections} as corrections,
        {verdict} as verdict
    from scoped
    {joins}
)

select minute, {counts}
from known
group by minute
