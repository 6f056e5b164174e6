"""Many documents that ask at one moment are each answered as if they had asked alone."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from errorbudget.objective.indicator import Indicator, Nameless
from errorbudget.request import Receipt
from errorbudget.source.duckdb.warehouse import Warehouse
from source.asking import criterion, indicator, requests_of
from source.conftest import stage
from source.test_recounting import GOOD, batches, feed

SERVICES = ("shop", "search", "other", "unheard")
ALIKE = [[indicator(valid="status <> 404", requests=requests_of(one))] for one in SERVICES]
PAIRS = [[*one, indicator("status <> 200", requests=one[0].requests)] for one in ALIKE]
APART: list[list[Any]] = [
    [indicator(requests=requests_of("shop", "search"))],
    [indicator(requests=requests_of("shop", environment="production"))],
    [indicator(GOOD, "error_logs", "corrections", requests=requests_of("shop"))],
    [indicator(requests=requests_of("search", logs_required=True))],
    [indicator(requests=requests_of("shop", operation=criterion("attributes['key']")))],
    [ALIKE[0][0], Nameless(of=ALIKE[0][0])],
]
ASKED: list[list[Any]] = [*ALIKE, *PAIRS, *APART]


def told(warehouse: Warehouse, asked: list[Indicator], since: int) -> list[object]:
    """All that a document is answered, about what is new since a batch."""
    requests = asked[0].requests
    touched = warehouse.touched(requests, since)
    counted = [
        np.stack([one.minute, one.valid, one.bad]).tolist()
        for minutes in (touched.minutes, None)
        for one in warehouse.tally(asked, minutes)
    ]
    return [touched.newest, touched.minutes.tolist(), counted, warehouse.liveness(requests)]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(batches, min_size=1, max_size=6),
    st.lists(st.integers(0, 6), min_size=len(ASKED), max_size=len(ASKED)),
    st.permutations(range(len(ASKED))),
)
def test_each_is_answered_as_if_it_asked_alone(story, since, order):
    with (
        tempfile.TemporaryDirectory() as home,
        Warehouse.open(Path(home) / "w.duckdb") as warehouse,
    ):
        for number, (kind, what, how) in enumerate(story):
            feed(warehouse, number, kind, what, how)
        alone = [told(warehouse, ASKED[one], since[one]) for one in order]

        with warehouse.together([ASKED[one] for one in order]):
            answers = [told(warehouse, ASKED[one], since[one]) for one in order]

    assert answers == alone


def test_one_that_was_not_announced_is_answered_too(warehouse, send):
    send([{"time": "2026-07-01 10:00", "service": name, "status": 200} for name in SERVICES[:2]])
    shop, search = ALIKE[:2]
    alone = told(warehouse, search, 0)

    with warehouse.together([shop]):
        assert told(warehouse, search, 0) == alone


def test_what_is_stored_meanwhile_is_of_the_next_look(warehouse, send):
    rows = [{"time": "2026-07-01 10:00", "service": name, "status": 500} for name in SERVICES[:2]]
    send(rows)
    send(rows)
    shop, search = ALIKE[:2]
    alone = told(warehouse, search, 1)

    with warehouse.together([shop, search]):
        told(warehouse, shop, 0)
        with warehouse.another() as other:
            stage(other, "requests", rows)
            other.add_requests(Receipt(feed="requests late", key="late", position=0, line=0))
        assert told(warehouse, search, 1) == alone

    assert told(warehouse, search, 1) != alone
