-- Stage the requests of a piece of the journal.
create or replace temp table staged_requests as
select row_number() over () as line, * replace (make_timestamp(time) as time)
from
    read_json(
        {file},
        format = 'newline_delimited',
        columns = {{
            time: 'bigint',
            service: 'varchar',
            route: 'varchar',
            method: 'varchar',
            status: 'integer',
            duration_ms: 'double',
            tenant: 'varchar',
            version: 'varchar',
            region: 'varchar',
            environment: 'varchar',
            trace_id: 'varchar',
            span_id: 'varchar',
            is_bot: 'boolean',
            attributes: 'map(varchar, varchar)'
        }}
    )
where time is not null
