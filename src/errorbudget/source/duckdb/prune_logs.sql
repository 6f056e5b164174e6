-- Drop log records before a minute; those that decide whether a kept request is good stay, without
-- their text.
delete from logs
where minute < $before and not (is_error and request_id <> '' and minute >= $deciding)
