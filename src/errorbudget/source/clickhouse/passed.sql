-- Only requests that another service took part in, with that service's version.
inner join (
    select q_trace_id as p_trace_id, any(q_version) as p_version
    from (
        {requests}
    )
    where q_trace_id <> ''
    group by p_trace_id
) as passed on known.q_trace_id = passed.p_trace_id
