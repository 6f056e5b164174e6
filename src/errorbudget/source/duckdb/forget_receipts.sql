-- Forget that senders' batches came, when they came before a minute. Files are known for good. Each feed keeps its
-- newest receipt, and the times in which feeds were alive keep theirs: they say whether a file or a sender spoke.
delete from receipt
where
    kind <> 'corrections' and position = 0
    and batch <= (select max(batch) from settled where minute <= $before)
    and batch not in (select batch from alive)
    and batch not in (select max(batch) from receipt group by kind, feed)
