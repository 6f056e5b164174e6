-- A document's requests with what is told of each beside what was sent.
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
