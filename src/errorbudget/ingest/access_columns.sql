-- The columns of an access log: what follows the user agent is the time taken, where it is a number.
with parts as not materialized (
    select
        number,
        line,
        part,
        part.client = '' as unreadable,
        make_timestamp(epoch_us(try_strptime(part.time, '%d/%b/%Y:%H:%M:%S %z'))) as moment,
        regexp_extract(part.request, '^([A-Za-z]+) (\S+)(?: HTTP/[\d.]+)?$', ['method', 'target']) as asked,
        nullif(replace(part.agent, '\"', '"'), '-') as agent,
        -- nginx $request_time is seconds with a point, Apache %D whole microseconds.
        regexp_extract(part.rest, '^(?:\s.*?)??[\s"=](\d+\.\d+)(?:[\s",]|$)', 1) as seconds,
        regexp_extract(part.rest, '^(?:\s.*?)??[\s"=](\d+)(?:[\s",]|$)', 1) as microseconds
    from access_lines
)

select
    number + {first_line} as "~line",
    line as "~text",
    case
        when unreadable then 'not a line of the combined log format'
        when moment is null then 'time is not as in 17/May/2015:10:05:03 +0000'
    end as "~problem",
    map_from_entries(
        list_filter(
            [
                struct_pack(key := 'client.address', value := nullif(part.client, '-')),
                struct_pack(key := 'user.name', value := nullif(part.user, '-')),
                struct_pack(key := 'user_agent.original', value := nullif(agent, '')),
                struct_pack(key := 'http.response.body.size', value := nullif(part.bytes, '-'))
            ],
            lambda entry: entry.value <> ''
        )
    ) as "~attributes",
    strftime(moment, '%Y-%m-%dT%H:%M:%SZ') as "~time",
    regexp_replace(
        regexp_replace(asked.target, '[?#].*$', ''), '^[A-Za-z][A-Za-z0-9+.-]*://[^/]*', ''
    ) as "~route",
    upper(asked.method) as "~method",
    nullif(part.status, '-') as "~status",
    case
        when seconds <> '' then cast(try_cast(seconds as double) * 1000 as varchar)
        when microseconds <> '' then cast(try_cast(microseconds as double) / 1000 as varchar)
    end as "~duration_ms",
    agent as "~user_agent"{wanted}
from parts
