-- what every service logs without being asked: a line of health every five minutes, one for each pod that starts
create macro stamp(moment) as strftime(moment, '%Y-%m-%dT%H:%M:%S.%gZ');

create view beats as
select
    moment + to_milliseconds(400 + h % 500) as time,
    'INFO' as level,
    format('healthy: {} workers busy, queue {}', 2 + h % 9, (h >> 8) % 4) as message,
    '' as trace_id,
    map(['pod'], [format('{}-{}', getvariable('service'), 1 + h % 6)]) as attributes
from minutes where m % 5 = 0 or m % 1440 = 1439
union all
select
    getvariable('start') + to_milliseconds(floor(60000 * (started + (finished - started) * pod / pods))::bigint),
    'INFO',
    format('{} {} started in {} ms', getvariable('service'), version, 1400 + hash(version, pod) % 900),
    '',
    map(['pod'], [format('{}-{}', getvariable('service'), pod)])
from (select *, unnest(range(1, pods + 1)) as pod from deploys)
where started > 0 and started >= getvariable('first') and finished < getvariable('last');
