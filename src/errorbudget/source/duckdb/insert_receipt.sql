-- Remember how far a feed has been taken in.
insert into receipt values ($batch, $kind, $feed, $key, $position, $line)
