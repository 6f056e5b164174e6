-- Stage the log records of a piece of the journal.
create or replace temp table staged_logs as
select row_number() over () as line, * replace (make_timestamp(time) as time)
from
    read_json(
        {file},
        format = 'newline_delimited',
        columns = {{
            time: 'bigint',
            service: 'varchar',
            request_id: 'varchar',
            level: 'varchar',
            is_error: 'boolean',
            message: 'varchar',
            template: 'varchar',
            attributes: 'map(varchar, varchar)'
        }}
    )
where time is not null
