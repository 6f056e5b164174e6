-- how many requests a service gets in each minute of the quarter, on which versions, under which trouble
-- hash(h, salt) only mixes its arguments by xor at the end, so two salts would not be independent
create macro coin(h, salt) as (hash(xor(h, salt::ubigint)) >> 11) / 9007199254740992.0;
create macro bell(h, salt) as
    sqrt(-2 * ln(1 - coin(h, salt))) * cos(2 * pi() * coin(h, salt + 100));
create macro tenant(share) as case
    when share < 0.7 then 't-' || ['globex', 'initech', 'acme', 'umbrella', 'hooli', 'stark', 'wayne',
        'wonka', 'tyrell', 'soylent', 'cyberdyne', 'oscorp', 'aperture', 'gringotts', 'duff', 'monarch',
        'vandelay', 'sirius', 'zorg', 'acmeville', 'nakatomi', 'weyland', 'octan', 'pied-piper', 'prestige',
        'bluth', 'dunder', 'sterling'][floor(pow(121, share))::integer]
    else format('t-{:03d}', floor(pow(121, share))::integer) end;

create table minutes as
with clock as (
    select
        m,
        getvariable('start') + to_minutes(m) as moment,
        m / 1440.0 as day,
        (m % 1440) / 60.0 as clock_hour
    from range(getvariable('first'), getvariable('last')) as minutes(m)
), wanted as (
    select
        *,
        (0.1 + 0.9 * (1 + 0.15 * sin(pi() * (clock_hour - 8) / 12.5))
            / (1 + exp(1.6 * (8 - clock_hour))) / (1 + exp(1.6 * (clock_hour - 20.5))))
        * if(dayofweek(moment) in (0, 6), 0.7, 1) as daily
    from clock
), released as (
    select wanted.*, version, previous, pods, started, finished
    from wanted asof left join deploys on wanted.m >= deploys.started
), troubled as (
    select
        released.*,
        coalesce(trouble.name, '') as trouble,
        (released.m - trouble.from_m) / (trouble.to_m - trouble.from_m) as progress_of_trouble
    from released left join trouble on released.m >= trouble.from_m and released.m < trouble.to_m
)
select
    m, moment, day, clock_hour, daily, trouble, version, previous,
    hash(getvariable('salt'), m) as h,
    case when finished > started
        then floor(pods * least(1, (m + 1 - started) / (finished - started))) / pods else 1 end as rolled,
    progress_of_trouble
from troubled
order by m;

create macro whole(rate, h) as
    greatest(0, floor(rate + sqrt(rate) * greatest(-3, least(3, bell(h, 1))) + coin(h, 2)))::bigint;
