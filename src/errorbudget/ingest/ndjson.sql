-- What JSON records say: known names by themselves, every other name as an attribute.
with parsed as not materialized (
    select
        rowid + {first_line} as "~line",
        line as "~text",
        try(from_json(line, {shape})) as record,
        list_filter(
            try(json_keys(line)), lambda name: not list_contains([{known}], name)
        ) as others,
        len(try(json_keys(line))) as names
    from raw_lines
    where trim(line) <> ''
),

-- A name that is there twice, or has no value: rare, and then looked at closely.
looked_at as not materialized (
    select
        *,
        record.attributes as given,
        list_filter(
            list_transform(
                others,
                lambda name: struct_pack(
                    key := name,
                    value := json_extract_string(
                        "~text", '/' || replace(replace(name, '~', '~0'), '/', '~1')
                    )
                )
            ),
            lambda entry: entry.value is not null
        ) as entries,
        names - len(others) <> {filled} or len(others) > 1 as odd
    from parsed
)

select
    "~line",
    "~text",
    case
        when record is null or not starts_with(ltrim("~text"), '{{') then 'not a JSON object'
        when odd and list_unique(json_keys("~text")) <> names then 'a name appears twice'
        when odd and coalesce(json_type("~text", '/attributes'), 'NULL') not in ('OBJECT', 'NULL')
            then 'attributes is not an object'
        when odd and given is null and json_type("~text", '/attributes') = 'OBJECT'
            then 'a name appears twice in attributes'
        {problems}
    end as "~problem",
    case
        when len(others) = 0 then coalesce(given, map {{}})
        when given is null then try(map_from_entries(entries))
        else coalesce(
            try(map_from_entries(list_concat(map_entries(given), entries))),
            -- A name that is in both: the one beside the attributes is the later word.
            map_concat(given, try(map_from_entries(entries)))
        )
    end as "~attributes",
    {columns}
from looked_at
