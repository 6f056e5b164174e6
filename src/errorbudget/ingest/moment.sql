-- The UTC moment of a text: RFC 3339, with a leap second as the second before it, or Unix ms.
case
    when
        regexp_full_match("~time", '\d{4}-\d\d-\d\d[T ][\d:.]+Z')
        and try_cast("~time" as timestamp) is not null
        then try_cast("~time" as timestamp)
    when regexp_full_match("~time", '\d{1,15}(\.\d*)?')
        then make_timestamp(cast(floor(cast("~time" as double) * 1000) as bigint))
    when regexp_full_match(
        "~time",
        '\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?([Zz]|[+-]\d\d(:?[0-5]\d)?))?)?'
    )
        then
            try_cast(
                regexp_replace(
                    regexp_extract(upper("~time"), '^[^T ]*(?:[T ][\d:.]+)?'),
                    '([T ]\d\d:\d\d):60',
                    '\1:59'
                ) as timestamp
            )
            - case when regexp_matches("~time", '[T ].*-') then -1 else 1 end
            * to_minutes(
                coalesce(
                    try_cast(regexp_extract(substr("~time", 12), '[+-](\d\d)', 1) as integer), 0
                ) * 60
                + coalesce(
                    try_cast(regexp_extract(substr("~time", 12), '[+-]\d\d:?(\d\d)', 1) as integer), 0
                )
            )
end
