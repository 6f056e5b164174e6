-- Remember when a feed was alive. A file is alive from its first to its last row, so a further piece
-- of it also covers the time between the pieces; a sender of batches vouches for each batch only.
insert into alive
select
    $batch,
    $kind,
    $feed,
    case when $is_file then least($first, coalesce(max(to_minute), $first)) else $first end,
    case when $is_file then greatest($last + 1, coalesce(min(from_minute), $last + 1)) else $last + 1 end,
    $newest
from alive
where kind = $kind and feed = $feed
