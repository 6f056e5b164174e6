-- Of one indicator: how many requests were valid, and how many of those bad.
count(*) filter (where {is_valid}),
count(*) filter (where {is_bad})
