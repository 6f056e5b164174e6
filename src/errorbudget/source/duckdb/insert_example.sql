-- Store one example request.
insert into requests values (
    0,
    $number,
    $number,
    $time,
    $service,
    $route,
    $method,
    $status,
    $duration_ms,
    $tenant,
    $version,
    $region,
    $environment,
    $trace_id,
    $span_id,
    $is_bot,
    map($names::varchar[], $texts::varchar[]),
    $error_logs,
    $corrections
)
