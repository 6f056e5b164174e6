-- The staged requests of a posted body as the journal keeps them, and why some are set aside.
select
    line,
    case
        when time < $earliest then 'its time is older than this server takes'
        when cardinality(attributes) > $attributes then 'it has too many attributes'
    end as reason,
    cast(
        json_object(
            'time', epoch_us(time),
            'service', service,
            'route', route,
            'method', method,
            'status', status,
            'duration_ms', duration_ms,
            'tenant', tenant,
            'version', version,
            'region', region,
            'environment', environment,
            'trace_id', trace_id,
            'span_id', span_id,
            'is_bot', is_bot,
            'attributes', to_json(attributes)
        ) as varchar
    ) as text,
    time,
    service,
    environment
from {table}
order by line
