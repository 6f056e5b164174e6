-- The status of a remote call as one of HTTP, by Google's published mapping; 500 where it is not known.
-- The first of these attributes that is there says it.
transform(
    lower(
        multiIf(
            mapContains(SpanAttributes, 'rpc.response.status_code'), SpanAttributes['rpc.response.status_code'],
            mapContains(SpanAttributes, 'rpc.grpc.status_code'), SpanAttributes['rpc.grpc.status_code'],
            mapContains(SpanAttributes, 'rpc.connect_rpc.error_code'),
            SpanAttributes['rpc.connect_rpc.error_code'],
            SpanAttributes['rpc.jsonrpc.error_code']
        )
    ),
    [
        'ok', '0', 'cancelled', '1', 'unknown', '2', 'invalid_argument', '3', 'deadline_exceeded', '4',
        'not_found', '5', 'already_exists', '6', 'permission_denied', '7', 'resource_exhausted', '8',
        'failed_precondition', '9', 'aborted', '10', 'out_of_range', '11', 'unimplemented', '12',
        'internal', '13', 'unavailable', '14', 'data_loss', '15', 'unauthenticated', '16',
        '-32700', '-32600', '-32601', '-32602', '-32603'
    ],
    [
        200, 200, 499, 499, 500, 500, 400, 400, 504, 504,
        404, 404, 409, 409, 403, 403, 429, 429,
        400, 400, 409, 409, 400, 400, 501, 501,
        500, 500, 503, 503, 500, 500, 401, 401,
        400, 400, 501, 400, 500
    ],
    500
)
