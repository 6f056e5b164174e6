-- Take the text of the log records that stay for what they decide.
update logs
set message = '', template = '', attributes = map {}
where minute < $before and (message <> '' or template <> '' or cardinality(attributes) > 0)
