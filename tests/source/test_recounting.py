"""Counting touched minutes again, after any batches in any order, ends where counting all would."""

import tempfile
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errorbudget.objective.indicator import Indicator, Requests
from errorbudget.request import Receipt
from errorbudget.source.duckdb.warehouse import Warehouse
from source.asking import criterion, indicator, requests_of
from source.conftest import stage

START = datetime(2026, 7, 1, tzinfo=UTC)
GOOD = "(status < 500 and error_logs = 0 and corrections <= 1)"
VALID = "(status <> 404)"
SCOPE = "(route <> '/healthz' and status + 1 > 0)"

# A coarse grid with the edges of every rule on it: 15 minutes, 1 hour, 24 hours, a second past.
moments = st.builds(
    lambda hours, minutes, seconds: (
        START + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    ),
    st.sampled_from([0, 1, 2, 24, 25, 48]),
    st.sampled_from([0, 1, 14, 15, 16]),
    st.sampled_from([0, 1]),
)
services = st.sampled_from(["shop", "shop", "search", "other"])
request_rows = st.fixed_dictionaries(
    {
        "time": moments,
        "service": services,
        "route": st.sampled_from(["/pay", "/pay", "/pay", "/healthz", None]),
        "status": st.sampled_from([200, 200, 404, 500, None]),
        "environment": st.sampled_from(["", "production", "staging"]),
        "trace_id": st.sampled_from(["", "t1", "t2", "t3"]),
        "span_id": st.sampled_from(["", "", "s1"]),
        "attributes": st.sampled_from([{}, {"key": "a"}, {"key": "b"}, {"key": ""}]),
    }
)
log_rows = st.fixed_dictionaries(
    {
        "time": moments,
        "service": st.sampled_from(["", "shop", "search"]),
        "request_id": st.sampled_from(["", "t1", "t2", "t3"]),
        "is_error": st.booleans(),
    }
)
batches = st.one_of(
    st.tuples(st.just("requests"), st.lists(request_rows, min_size=1, max_size=6), st.booleans()),
    st.tuples(st.just("logs"), st.lists(log_rows, min_size=1, max_size=3), st.booleans()),
    st.tuples(
        st.just("corrections"),
        st.sampled_from(["t1", "t2", "t3"]),
        st.sampled_from(["bad", "good", "excluded"]),
    ),
)
asked_requests = st.builds(
    requests_of,
    st.just("shop"),
    st.sampled_from(["search", "shop"]),
    environment=st.sampled_from(["", "production"]),
    scope=st.sampled_from([None, criterion(SCOPE)]),
    operation=st.sampled_from([None, criterion("attributes['key']")]),
    logs_required=st.booleans(),
)

# Straight from the definitions, row by row.
BY_DEFINITION = """
with belonging as (
    select *, nullif(attributes['key'], '') as operation
    from requests
    where service in ({services})
        and ('{environment}' = '' or environment in ('', '{environment}'))
        and {scope}
),
known as (
    select
        mine.*,
        (
            select count(*)
            from logs
            where logs.is_error and mine.trace_id <> '' and logs.request_id = mine.trace_id
                and logs.service in ('', {services})
                and logs.time >= mine.time - interval 60 minutes
                and logs.time <= mine.time + interval 1440 minutes
        ) as error_logs,
        (
            select count(*)
            from corrections as told
            where told.service = mine.service and told.request_id = mine.trace_id
                and told.verdict = 'bad'
        ) as corrections,
        (
            select max_by(verdict, batch)
            from corrections as told
            where told.service = mine.service and told.request_id = mine.trace_id
        ) as verdict,
        {by_attempts} and exists (
            select 1
            from belonging as later
            where later.operation = mine.operation
                and (later.time, later.batch, later.line) > (mine.time, mine.batch, mine.line)
                and later.time <= mine.time + interval 1440 minutes
        ) as superseded
    from belonging as mine
)
select
    service,
    minute,
    {valid} is not false and verdict is distinct from 'excluded' as valid,
    {good} is not true and verdict is distinct from 'good' as bad
from known
where not superseded
"""


def by_definition(warehouse: Warehouse, requests: Requests) -> dict[int, tuple[int, int]]:
    sql = BY_DEFINITION.format(
        services=", ".join(f"'{name}'" for name in requests.services),
        environment=requests.environment,
        scope=SCOPE if requests.scope else "true",
        by_attempts="true" if requests.operation else "false",
        valid=VALID,
        good=GOOD,
    )
    counts: dict[int, tuple[int, int]] = {}
    watched = watched_minutes(warehouse)
    for service, minute, valid, bad in warehouse.connection.execute(sql).fetchall():
        if not requests.logs_required or minute in watched[service]:
            before = counts.get(minute, (0, 0))
            counts[minute] = before[0] + valid, before[1] + (valid and bad)
    return {minute: count for minute, count in counts.items() if count[0]}


def watched_minutes(warehouse: Warehouse) -> dict[str, set[int]]:
    """The minutes with a live feed of logs, holes of under 15 minutes filled."""
    watched: dict[str, set[int]] = {"shop": set(), "search": set()}
    feeds = warehouse.connection.execute("select feed, service from feed where kind = 'logs'")
    for feed, told in feeds.fetchall():
        spans = warehouse.connection.execute(
            "select from_minute, to_minute from alive where kind = 'logs' and feed = ?", [feed]
        ).fetchall()
        for service in [told] if told else ["shop", "search"]:
            watched.setdefault(service, set()).update(*(range(a, z) for a, z in spans))
    for minutes in watched.values():
        ordered = sorted(minutes)
        for before, after in pairwise(ordered):
            if after - before - 1 < 15:
                minutes.update(range(before, after))
    return watched


def feed(warehouse: Warehouse, number: int, kind: str, what: object, how: object) -> None:
    if kind == "corrections":
        for service in ("shop", "search"):
            moment = START + timedelta(minutes=number)
            warehouse.add_corrections(service, [str(what)], how, f"{number}", moment)  # type: ignore[arg-type]
        return
    rows = [row | {"time": row["time"].replace(tzinfo=None)} for row in what]  # type: ignore[attr-defined]
    stage(warehouse, kind, rows)
    name, position = ("file", number + 1) if how else ("sender", 0)
    receipt = Receipt(feed=f"{kind} {name}", key=str(number), position=position, line=0)
    (warehouse.add_logs if kind == "logs" else warehouse.add_requests)(receipt)


def told(warehouse: Warehouse, asked: Indicator, minutes=None) -> dict[int, tuple[int, int]]:
    (found,) = warehouse.tally([asked], minutes)
    rows = zip(found.minute.tolist(), found.valid.tolist(), found.bad.tolist(), strict=True)
    return {minute: (valid, bad) for minute, valid, bad in rows}


def nonzero(counts: dict[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    return {minute: count for minute, count in counts.items() if count[0]}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(batches, st.booleans()), min_size=1, max_size=7),
    asked_requests,
)
def test_recounting_touched_minutes_equals_counting_by_definition(story, requests):
    asked = indicator(GOOD, "error_logs", "corrections", valid=VALID, requests=requests)
    counts: dict[int, tuple[int, int]] = {}
    since = 0
    with (
        tempfile.TemporaryDirectory() as home,
        Warehouse.open(Path(home) / "w.duckdb") as warehouse,
    ):
        for number, ((kind, what, how), count_now) in enumerate(story):
            feed(warehouse, number, kind, what, how)
            if count_now or number == len(story) - 1:
                touched = warehouse.touched(requests, since)
                recount = told(warehouse, asked, touched.minutes)
                assert list(recount) == touched.minutes.tolist()
                counts |= recount
                since = touched.newest

        assert nonzero(counts) == by_definition(warehouse, requests)
        assert nonzero(told(warehouse, asked)) == by_definition(warehouse, requests)


@pytest.mark.parametrize("apart", [1, 59, 60, 61, 5000])
@pytest.mark.parametrize("many", [1, 2, 40])
def test_scattered_minutes_are_recounted_wherever_they_lie(warehouse, send, apart, many):
    times = [START.replace(tzinfo=None) + timedelta(minutes=apart * at) for at in range(many)]
    send([{"time": time, "service": "shop", "status": 200} for time in times])
    everything = told(warehouse, indicator())

    minutes = np.array(sorted(everything))
    assert told(warehouse, indicator(), minutes) == everything
    assert told(warehouse, indicator(), minutes[::2]) == {
        minute: everything[minute] for minute in minutes[::2].tolist()
    }
