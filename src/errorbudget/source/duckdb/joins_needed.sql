-- Are there log feeds, and corrections, that may speak of these services?
select
    exists (from feed where kind = 'logs' and service in ('', {services})),
    exists (from corrections where service in ({services}))
