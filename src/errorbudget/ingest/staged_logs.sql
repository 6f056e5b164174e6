-- Stage the log records of a piece; those with a reason are then set aside.
create or replace {temporary} table {table} as
select
    "~line" as line,
    moment as time,
    service,
    coalesce("~request_id", '') as request_id,
    coalesce("~level", '') as level,
    coalesce(
        try_cast("~level" as double) >= 17
        or regexp_full_match(
            lower("~level"), 'err(or)?|fatal|crit(ical)?|alert|emerg(ency)?|panic|severe'
        ),
        false
    ) as is_error,
    coalesce("~message", '') as message,
    coalesce("~template", '') as template,
    "~attributes" as attributes,
    reason
from ({judged})
