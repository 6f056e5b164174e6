-- A document's requests that another service took part in, with that service's version.
passed as (
    select trace_id, any_value(version) as version
    from requests
    where service = $through and minute between $first and $last and trace_id <> ''
    group by trace_id
),

through as (
    select known.* replace (passed.version as version)
    from known
    inner join passed using (trace_id)
)
