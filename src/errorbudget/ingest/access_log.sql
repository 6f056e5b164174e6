-- What lines of an access log say: the combined format of Apache and nginx, and what is often added.
-- A line without referrer and user agent (the common format), or cut off within them, is read as well.
create or replace temp table access_lines as
select
    rowid as number,
    line,
    regexp_extract(
        line,
        '^(?:[A-Za-z][\w.-]*:\d+ )?(\S+) (\S+) (.+?) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}|-) (\d+|-)(?: "((?:[^"\\]|\\.)*)"?(?: "((?:[^"\\]|\\.)*)(?:"(.*)|\\?$))?)?\s*$',
        ['client', 'identity', 'user', 'time', 'request', 'status', 'bytes', 'referrer', 'agent', 'rest']
    ) as part
from raw_lines
where trim(line) <> ''
