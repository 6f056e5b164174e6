-- Before which minute requests were dropped, and as which batch.
create table if not exists pruned (
    batch bigint not null,
    before_minute bigint not null
)
