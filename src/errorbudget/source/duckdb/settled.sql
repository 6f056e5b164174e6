-- Which batch was the newest at some minutes; what came before one of them is at least so old.
create table if not exists settled (
    minute bigint not null,
    batch bigint not null
)
