-- Adds the error-level log records of each request.
left join ({errors}) as errors
    on scoped.batch = errors.batch and scoped.line = errors.line
