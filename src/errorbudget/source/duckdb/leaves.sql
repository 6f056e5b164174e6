-- How many of a document's requests were valid, and how many of those bad, in a burn and before it,
-- for each combination of values that occurs.
create or replace temporary table leaves as
{known},

counted (burns, {names}, valid, bad) as (
    select minute >= {first}, {columns}, {counts}
    from known
    group by all
)

select * from counted
where valid > 0
