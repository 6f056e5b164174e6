-- Each record of a piece with its moment, its service, and the reason when it cannot be read.
with source as not materialized (
    {source}
),

given as not materialized (
    select
        "~line",
        "~text",
        "~problem",
        "~attributes",
        "~user_agent",
        {values}
    from source
),

timed as not materialized (
    select
        *,
        coalesce(nullif("~service", ''), {service}) as service,
        {moment} as moment
    from given
)

select
    *,
    case
        when "~problem" is not null then "~problem"
        when coalesce("~time", '') = '' then 'no time'
        when moment is null then 'time is neither RFC 3339 nor Unix milliseconds'
        when not moment between timestamp '1971-01-01' and timestamp '2099-12-31 23:59:59.999999'
            then 'time is outside 1971 to 2099; numbers are Unix milliseconds'
        when moment > timestamp {latest} then 'time is in the future: check the clock or the time zone'
        when moment < timestamp {earliest} then 'requests of its time are no longer kept'
        {checks}
    end as reason
from timed
