create database bench;
create table bench.otel_traces (
    Timestamp DateTime64(9) codec(Delta, ZSTD(1)), TraceId String codec(ZSTD(1)),
    SpanId String codec(ZSTD(1)), ParentSpanId String, TraceState String,
    SpanName LowCardinality(String), SpanKind LowCardinality(String),
    ServiceName LowCardinality(String),
    ResourceAttributes Map(LowCardinality(String), String) codec(ZSTD(1)),
    ScopeName String, ScopeVersion String,
    SpanAttributes Map(LowCardinality(String), String) codec(ZSTD(1)),
    Duration UInt64 codec(ZSTD(1)), StatusCode LowCardinality(String), StatusMessage String
) engine = MergeTree partition by toDate(Timestamp)
order by (ServiceName, SpanName, toDateTime(Timestamp));
insert into bench.otel_traces
select
    toDateTime64('2026-03-02 00:00:00', 9) + toIntervalMicrosecond(rand64(1) % 86400000000),
    hex(rand64(2)) || hex(rand64(3)), hex(rand64(4)), '', '', route,
    if(rand(5) % 3 = 0, 'Internal', 'Server'),
    ['checkout', 'search', 'ledger'][1 + rand(6) % 3],
    map('service.name', 'x', 'service.version', 'v' || toString(rand(7) % 3), 'cloud.region', 'eu',
        'deployment.environment.name', 'production', 'k8s.pod.name', 'pod-' || toString(rand(8) % 20)),
    'http', '1',
    map('http.route', ['/pay', '/cart', '/items/{{id}}', '/healthz'][1 + rand(9) % 4] as route,
        'http.request.method', 'GET', 'url.scheme', 'https', 'server.address', 'shop.example',
        'http.response.status_code', toString([200, 200, 200, 200, 404, 499, 500][1 + rand(10) % 7]),
        'user_agent.original', 'Mozilla/5.0', 'tenant.id', 'tenant-' || toString(rand(11) % 50)),
    rand(12) % 1500000000, 'Unset', ''
from numbers({spans});
optimize table bench.otel_traces final
