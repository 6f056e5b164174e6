-- The Collector's log records.
select
    Timestamp as l_time,
    toString(ServiceName) as l_service,
    TraceId as l_request_id,
    if(
        SeverityNumber > 0,
        SeverityNumber >= 17,
        upper(trimBoth(SeverityText)) in (
            'ERR', 'ERROR', 'SEVERE', 'CRIT', 'CRITICAL', 'ALERT', 'EMERG', 'EMERGENCY', 'FATAL', 'PANIC'
        )
    ) as l_is_error,
    Body as l_message,
    multiIf(
        LogAttributes['log.record.template'] <> '', LogAttributes['log.record.template'],
        LogAttributes['log.template'] <> '', LogAttributes['log.template'],
        LogAttributes['message_template.text'] <> '', LogAttributes['message_template.text'],
        LogAttributes['{{OriginalFormat}}']
    ) as l_template{more}
from {table}
where {within}
