-- how each request of the shop must be judged, written by hand and apart from the program under test
create table complaints as
select service, trace_id, count(*) as errors
from read_ndjson(getvariable('logs'), columns = {service: 'varchar', level: 'varchar', trace_id: 'varchar'})
where level = 'ERROR' and trace_id <> ''
group by all;

create view checkout_attempts as
select
    *,
    attributes['payment.currency'] as currency,
    row_number() over (partition by coalesce(attributes['idempotency_key'], span_id) order by time desc) as from_last
from read_parquet(getvariable('checkout'))
where route not in ('/healthz', '/metrics') and not is_bot;

create table checkout_judged as
select
    time, route, region, tenant, currency, corrected.trace_id is not null as is_corrected, duration_ms,
    status is null or status not between 400 and 499 or (status = 499 and duration_ms >= 1200) as valid,
    coalesce(status < 500 or attributes['error.type'] = 'invalid_input', false)
        and duration_ms <= 1200 and coalesce(errors, 0) = 0 as good
from checkout_attempts as attempts
left join complaints on complaints.service = 'checkout' and complaints.trace_id = attempts.trace_id
left join corrected on corrected.trace_id = attempts.trace_id
where from_last = 1;

create view search_judged as
select
    time, route, region, tenant, null as currency, false as is_corrected, duration_ms,
    status not between 400 and 499 as valid,
    status < 500 and duration_ms <= 550 as good
from read_parquet(getvariable('search'))
where route <> '/healthz' and not is_bot
    and not coalesce(time >= getvariable('logs_lost_from') and time < getvariable('logs_lost_to'), false);

create view ledger_judged as
select
    time, route, region, tenant, null as currency, false as is_corrected, duration_ms,
    true as valid, status < 500 as good
from read_parquet(getvariable('ledger'))
where route = '/close';

create table counted as
select service, minute, count(*) filter (valid) as valid,
    count(*) filter (valid and not good) as bad,
    count(*) filter (valid and good and is_corrected) as corrected
from (
    select 'checkout' as service, time_bucket(interval 1 minute, time) as minute, valid, good, is_corrected
    from checkout_judged
    union all
    select 'search', time_bucket(interval 1 minute, time), valid, good, is_corrected from search_judged
    union all
    select 'ledger', time_bucket(interval 1 minute, time), valid, good, is_corrected from ledger_judged
)
group by all;
