-- From which minute on requests are kept, and the batch that said so; zeros where all are.
select coalesce(max(before_minute), 0), coalesce(max(batch), 0) from pruned
