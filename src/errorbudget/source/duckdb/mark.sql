-- A number for a span's id, the same in every release: its hex digits, or else a hash.
coalesce(try_cast('0x' || span_id as ubigint), md5_number_lower(span_id))
