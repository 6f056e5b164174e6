-- Store the staged requests that are new; a span seen within an hour of its time is known already.
-- A number made of the span's id tells first which spans may be met twice, mostly none: reading one
-- number of each request of two hours is cheap at any volume, reading three texts of each is not.
-- Rows lie by service, so that reading one service passes over the others.
insert into requests
with marked as (
    select line, {mark} as mark
    from staged_requests
    where span_id <> ''
),

met as (
    select mark
    from marked
    group by mark
    having count(*) > 1
    union
    select mark
    from requests
    where
        minute between $first - 60 and $last + 60
        and mark in (select mark from marked)
),

spans as (
    select
        line,
        marked.mark,
        service,
        trace_id,
        span_id,
        time,
        lag(time) over (partition by service, trace_id, span_id order by time, line) as previous
    from staged_requests
    inner join marked using (line)
    where marked.mark in (select mark from met)
),

repeated as (
    select line
    from spans
    where time - previous <= interval 1 hour
    union
    select spans.line
    from spans
    inner join requests as stored
        on
            spans.mark = stored.mark
            and spans.service = stored.service
            and spans.trace_id = stored.trace_id
            and spans.span_id = stored.span_id
            and stored.time between spans.time - interval 1 hour and spans.time + interval 1 hour
    where stored.minute between $first - 60 and $last + 60
)

-- Here, for every way in: missing text is empty, missing numbers stay NULL.
select
    $batch,
    line,
    epoch_ms(time) // 60000,
    time,
    service,
    coalesce(route, ''),
    coalesce(method, ''),
    status,
    duration_ms,
    coalesce(tenant, ''),
    coalesce(version, ''),
    coalesce(region, ''),
    coalesce(environment, ''),
    coalesce(trace_id, ''),
    coalesce(span_id, ''),
    coalesce(is_bot, false),
    coalesce(attributes, map {{}}),
    case when span_id <> '' then {mark} end
from staged_requests
where line not in (select line from repeated)
order by service, time, line
