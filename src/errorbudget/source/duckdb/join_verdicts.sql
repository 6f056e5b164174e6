-- Adds what people said of a request afterwards.
left join ({verdicts}) as verdicts
    on scoped.service = verdicts.service and scoped.request_id = verdicts.request_id
