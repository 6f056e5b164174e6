-- Where requests, logs and corrections are kept, and what is known about who sent them.

create table requests (
    batch bigint not null,
    line bigint not null,
    minute bigint not null,
    time timestamp not null,
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
    mark ubigint
);

create table logs (
    batch bigint not null,
    line bigint not null,
    minute bigint not null,
    time timestamp not null,
    service varchar not null,
    request_id varchar,
    level varchar,
    is_error boolean,
    message varchar,
    template varchar,
    attributes map(varchar, varchar)
);

create table corrections (
    batch bigint not null,
    recorded_at timestamp not null,
    service varchar not null,
    request_id varchar not null,
    verdict varchar not null check (verdict in ('bad', 'good', 'excluded')),
    reason varchar not null
);

-- Which minutes each batch of requests has rows in, or (0 requests) has had rows taken from.
create table touched (
    batch bigint not null,
    service varchar not null,
    minute bigint not null,
    requests bigint not null
);

-- Which services a feed has spoken of, and from which batch on.
create table feed (
    batch bigint not null,
    kind varchar not null check (kind in ('requests', 'logs')),
    feed varchar not null,
    service varchar not null
);

-- When a feed was alive: half-open spans of minutes, and the exact time of the newest row in each.
create table alive (
    batch bigint not null,
    kind varchar not null check (kind in ('requests', 'logs')),
    feed varchar not null,
    from_minute bigint not null,
    to_minute bigint not null,
    newest timestamp not null
);

-- One row a batch: how far its feed has been taken in.
create table receipt (
    batch bigint primary key,
    kind varchar not null check (kind in ('requests', 'logs', 'corrections')),
    feed varchar not null,
    key varchar not null,
    position bigint not null,
    line bigint not null
);
