"""Operations over several services are counted as their rows say, however late those come."""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errorbudget.objective.indicator import Nameless, Operations
from errorbudget.request import Receipt
from errorbudget.source.duckdb.warehouse import Warehouse
from source.asking import indicator, requests_of
from source.conftest import Send
from source.test_recounting import GOOD, START, VALID, batches, feed, nonzero, told

# Every request judged by itself, straight from the definitions.
OPERATIONS = """
with judged as (
    select
        *,
        status = 404 is not true and verdict is distinct from 'excluded' as valid,
        valid and verdict is distinct from 'good' and (
            status < 500 and error_logs = 0 and corrections <= 1
        ) is not true as bad
    from (
        select
            *,
            (
                select count(*) from logs
                where logs.is_error and logs.request_id = requests.trace_id
                    and requests.trace_id <> '' and logs.service in ('', requests.service)
                    and logs.time between
                        requests.time - interval 60 minutes and requests.time + interval 1 day
            ) as error_logs,
            (
                select count(*) from corrections as said
                where said.service = requests.service
                    and said.request_id = requests.trace_id and said.verdict = 'bad'
            ) as corrections,
            (
                select max_by(verdict, batch) from corrections as said
                where said.service = requests.service and said.request_id = requests.trace_id
            ) as verdict
        from requests
    )
)
select
    minute,
    count(*),
    count(*) filter (
        bad or (verdict is distinct from 'good' and exists (
            select 1 from judged as elsewhere
            where elsewhere.service in ('search', 'other') and elsewhere.bad
                and elsewhere.trace_id = entered.trace_id and entered.trace_id <> ''
                and elsewhere.time between
                    entered.time - interval 60 minutes and entered.time + interval 1 day
        ))
    )
from judged as entered
where service = 'shop' and valid
group by minute
"""


def asked(service: str, **how: object):
    requests = requests_of(service, **how)  # type: ignore[arg-type]
    return indicator(GOOD, "error_logs", "corrections", valid=VALID, requests=requests)


JOURNEY = Operations(of=asked("shop"), joins=(asked("search"), asked("other")))


def by_definition(warehouse: Warehouse) -> dict[int, tuple[int, int]]:
    rows = warehouse.connection.execute(OPERATIONS).fetchall()
    return {minute: (valid, bad) for minute, valid, bad in rows}


def counted(warehouse: Warehouse, minutes=None) -> dict[int, tuple[int, int]]:
    found = warehouse.operations(JOURNEY, minutes)
    rows = zip(found.minute.tolist(), found.valid.tolist(), found.bad.tolist(), strict=True)
    return {minute: (valid, bad) for minute, valid, bad in rows}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(batches, st.booleans()), min_size=1, max_size=7), st.booleans())
def test_recounting_touched_operations_equals_counting_by_definition(story, withdraws):
    counts: dict[int, tuple[int, int]] = {}
    since = 0
    with (
        tempfile.TemporaryDirectory() as home,
        Warehouse.open(Path(home) / "w.duckdb") as warehouse,
    ):
        for number, ((kind, what, how), count_now) in enumerate(story):
            feed(warehouse, number, kind, what, how)
            if count_now or number == len(story) - 1:
                touched = warehouse.operations_touched(JOURNEY, since)
                counts |= counted(warehouse, touched.minutes)
                since = touched.newest
        assert nonzero(counts) == by_definition(warehouse)

        if withdraws:  # a file that had its rows changed brings them anew
            for kind in ("requests", "logs"):
                taken_back = Receipt(feed=f"{kind} file", key="", position=1, line=0)
                warehouse.withdraw(kind, taken_back)  # type: ignore[arg-type]
            touched = warehouse.operations_touched(JOURNEY, since)
            counts |= counted(warehouse, touched.minutes)
        assert nonzero(counts) == by_definition(warehouse)
        assert nonzero(counted(warehouse)) == by_definition(warehouse)


@pytest.mark.parametrize(
    ("after", "bad"),
    [
        (timedelta(hours=-1, seconds=-1), 0),
        (timedelta(hours=-1), 1),
        (timedelta(hours=24), 1),
        (timedelta(hours=24, seconds=1), 0),
    ],
)
def test_an_id_used_again_long_after_is_of_another_operation(
    warehouse: Warehouse, send: Send, after: timedelta, bad: int
):
    entered = START.replace(tzinfo=None)
    send([{"time": entered, "service": "shop", "status": 200, "trace_id": "t"}])
    send([{"time": entered + after, "service": "other", "status": 500, "trace_id": "t"}])

    assert list(counted(warehouse).values()) == [(1, bad)]


def test_requests_without_an_id_are_counted_apart(warehouse: Warehouse, send: Send):
    entered = START.replace(tzinfo=None)
    statuses = (("t1", 200), ("t2", 500), ("", 200), ("", 500), ("", 404))
    send(
        [
            {"time": entered, "service": "shop", "status": status, "trace_id": trace_id}
            for trace_id, status in statuses
        ]
    )
    nameless = told(warehouse, Nameless(of=asked("shop")))  # type: ignore[arg-type]

    assert list(nameless.values()) == [(2, 1)]
    assert list(counted(warehouse).values()) == [(4, 2)]
