-- The Collector's spans of what was served, as requests: the columns that its exporter writes, read by
-- the same conventions as spans that are received.
select
    Timestamp as q_time,
    toInt64(intDiv(toUnixTimestamp(Timestamp), 60)) as q_minute,
    toString(ServiceName) as q_service,
    multiIf(
        SpanAttributes['http.route'] <> '', SpanAttributes['http.route'],
        SpanAttributes['url.path'] <> '', splitByChar('?', SpanAttributes['url.path'])[1],
        SpanAttributes['http.target'] <> '', splitByChar('?', SpanAttributes['http.target'])[1],
        SpanAttributes['url.full'] <> '', path(SpanAttributes['url.full']),
        SpanAttributes['http.url'] <> '', path(SpanAttributes['http.url']),
        SpanAttributes['rpc.service'] <> '' and position(SpanAttributes['rpc.method'], '/') = 0,
        concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
        SpanAttributes['rpc.method'] <> '', trimLeft(SpanAttributes['rpc.method'], '/'),
        SpanAttributes['messaging.destination.template'] <> '', SpanAttributes['messaging.destination.template'],
        SpanAttributes['messaging.destination.name'] <> '', SpanAttributes['messaging.destination.name'],
        SpanAttributes['messaging.destination'] <> '', SpanAttributes['messaging.destination'],
        toString(SpanName)
    ) as q_route,
    multiIf(
        SpanAttributes['http.request.method'] <> '', SpanAttributes['http.request.method'],
        SpanAttributes['http.method'] <> '', SpanAttributes['http.method'],
        SpanAttributes['messaging.operation.type'] <> '', SpanAttributes['messaging.operation.type'],
        SpanAttributes['messaging.operation'] <> '', SpanAttributes['messaging.operation'],
        SpanAttributes['messaging.operation.name']
    ) as q_method,
    multiIf(
        mapContains(SpanAttributes, 'rpc.grpc.status_code')
        or mapContains(SpanAttributes, 'rpc.response.status_code')
        or mapContains(SpanAttributes, 'rpc.connect_rpc.error_code')
        or mapContains(SpanAttributes, 'rpc.jsonrpc.error_code'),
        {rpc},
        toInt32OrZero(SpanAttributes['http.response.status_code']) between 100 and 999,
        toInt32OrNull(SpanAttributes['http.response.status_code']),
        toInt32OrZero(SpanAttributes['http.status_code']) between 100 and 999,
        toInt32OrNull(SpanAttributes['http.status_code']),
        StatusCode in ('Error', 'STATUS_CODE_ERROR') or SpanAttributes['error.type'] <> '', 500,
        SpanAttributes['http.request.method'] <> '' or SpanAttributes['http.method'] <> '', NULL,
        200
    ) as q_status,
    if(toInt64(Duration) < 0, NULL, toInt64(Duration) / 1000000) as q_duration_ms,
    {tenant} as q_tenant,
    ResourceAttributes['service.version'] as q_version,
    ResourceAttributes['cloud.region'] as q_region,
    if(
        ResourceAttributes['deployment.environment.name'] <> '',
        ResourceAttributes['deployment.environment.name'],
        ResourceAttributes['deployment.environment']
    ) as q_environment,
    TraceId as q_trace_id,
    SpanId as q_span_id,
    SpanAttributes['user_agent.synthetic.type'] <> ''
    or match(
        lower(
            if(
                SpanAttributes['user_agent.original'] <> '',
                SpanAttributes['user_agent.original'],
                SpanAttributes['http.user_agent']
            )
        ),
        '(^|[^u]|[^c]u)bots?\\b|crawl|spider|slurp|kube-probe|healthcheck|googlehc'
    ) as q_is_bot{more}
from {table}
where
    SpanKind in ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
    and not (
        SpanKind in ('Consumer', 'SPAN_KIND_CONSUMER')
        and multiIf(
            SpanAttributes['messaging.operation.type'] <> '', SpanAttributes['messaging.operation.type'],
            SpanAttributes['messaging.operation'] <> '', SpanAttributes['messaging.operation'],
            SpanAttributes['messaging.operation.name']
        ) = 'receive'
    )
    and {within}
