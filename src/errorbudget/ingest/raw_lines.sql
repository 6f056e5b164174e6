-- The lines of a staged piece in their order: rowid counts them from 0, empty ones are NULL.
create or replace temp table raw_lines as
select line
from read_csv(
    {file},
    columns = {{'line': 'varchar'}},
    delim = '',
    quote = '',
    escape = '',
    comment = '',
    new_line = '\n',
    header = false,
    auto_detect = false,
    strict_mode = false
)
