-- Attempts that no later attempt of the same operation replaces within 24 hours.
(
    select *
    from (
        select
            *,
            leadInFrame(toNullable(q_time)) over (
                partition by k_operation
                order by q_time, q_span_id
                rows between current row and unbounded following
            ) as k_next
        from scoped
    )
    where
        ({minutes})
        and (k_operation is null or k_next is null or k_next > q_time + interval 24 hour)
) as scoped
