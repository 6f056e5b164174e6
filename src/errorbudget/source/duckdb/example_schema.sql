-- Example requests: one a minute, with counts of logs and corrections as their authors tell them.
create table requests (
    batch bigint not null,
    line bigint not null,
    minute bigint not null,
    time timestamp,
    service varchar not null,
    route varchar,
    method varchar,
    status integer,
    duration_ms double,
    tenant varchar,
    version varchar,
    region varchar,
    environment varchar,
    trace_id varchar,
    span_id varchar,
    is_bot boolean,
    attributes map(varchar, varchar),
    told_error_logs bigint,
    told_corrections bigint
);
