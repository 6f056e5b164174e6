-- Drop the requests before a minute; their minutes stay known.
delete from requests
where minute < $before
