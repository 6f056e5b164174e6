-- Bad requests of other services, by the ids that operations have too; of this connection alone.
create or replace temp table failed_elsewhere (request_id varchar not null, time timestamp not null)
