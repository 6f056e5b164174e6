"""What counters tell is counted exactly: on a real Prometheus, and on a real VictoriaMetrics."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from errorbudget.ledger.window import Span, minute_floor
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import Indicator, indicator, requests
from errorbudget.objective.reading import read
from errorbudget.request import Receipt
from errorbudget.source import NotTold, SourceFailed
from errorbudget.source.duckdb.warehouse import Warehouse
from errorbudget.source.prometheus.api import Api
from errorbudget.source.prometheus.source import Prometheus
from source.conftest import stage
from source.prometheus.conftest import START, UNTIL
from source.prometheus.histories import PLAIN

FIRST = minute_floor(START)
MINUTES = np.arange(FIRST, minute_floor(UNTIL))

SHOP = """
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: shop
requests: {source: metrics}
objectives:
  availability:
    prometheus:
      bad: http_requests_total{job="shop",code=~"5.."}
      valid: http_requests_total{job="shop"}
    target: 99%
    window: {rolling: 28d}
  latency:
    prometheus:
      good: http_duration_seconds_bucket{job="shop",le="0.3"}
      valid: http_duration_seconds_count{job="shop"}
    target: 99%
    window: {rolling: 28d}
"""


@contextmanager
def asking(address: str) -> Iterator[Prometheus]:
    api = Api(address, headers={}, seconds=10)
    yield Prometheus(api, now=lambda: UNTIL)
    api.close()


@pytest.fixture
def asked(server: str) -> Iterator[Prometheus]:
    with asking(server) as source:
        yield source


def document(text: str = SHOP) -> ObjectiveDocument:
    return read(text, file="shop.yaml")


def indicators(text: str = SHOP) -> list[Indicator]:
    promised = document(text)
    return [indicator(promised, name) for name in promised.objectives]


def counting(bad: str, valid: str) -> Indicator:
    counters = f"bad: {json.dumps(bad)}, valid: {json.dumps(valid)}"
    objective = f"only: {{prometheus: {{{counters}}}, target: 99%, window: {{rolling: 28d}}}}"
    return indicators(SHOP.partition("objectives:")[0] + f"objectives: {{{objective}}}\n")[0]


def shown(rows: Sequence[Any], at: Any) -> list[int]:
    """By minute, how many requests a scrape each 15 seconds shows first: 3, 18, 33 and 48."""
    found = np.zeros(len(MINUTES), np.int64)
    for row in rows:
        if at(row):
            second = (row["time"] - START.replace(tzinfo=None)).total_seconds()
            scrape = -(-(second - 3) // 15) * 15 + 3
            found[int((scrape * 1000 - 1) // 60_000)] += 1
    return found.tolist()


def test_requests_are_counted_in_the_minute_of_the_scrape_that_shows_them(asked, rows):
    availability, latency = asked.tally(indicators(), MINUTES)

    assert availability.valid.tolist() == shown(rows, lambda _: True)
    assert availability.bad.tolist() == shown(rows, lambda row: row["status"] >= 500)
    assert latency.valid.tolist() == availability.valid.tolist()
    assert latency.bad.tolist() == shown(rows, lambda row: row["duration_ms"] > 300)


@pytest.mark.parametrize("name", PLAIN)
def test_what_happens_to_a_counter_is_no_request(asked, name):
    expected = PLAIN[name][1]
    found = counting(f"{name}_total", f"{name}_total")

    (told,) = asked.tally([found], MINUTES[: len(expected)])

    assert told.valid.tolist() == told.bad.tolist() == expected


def test_what_a_target_counted_while_it_was_away_is_told_when_it_is_back(asked):
    (told,) = asked.tally([counting("was_away_total", "was_away_total")], MINUTES[40:47])

    assert told.valid.tolist() == [0, 0, 0, 41, 1, 1, 0]


def test_sums_and_differences_of_increases_are_counted_by_their_counters(asked, rows):
    of = 'increase(http_requests_total{job="shop"%s}[$window])'
    good = f"sum by (code) ({of % ''}) or vector(0)"
    bad = f"sum({of % ''}) - (sum({of % (',code!~' + chr(34) + '5..' + chr(34))}))"

    (told,) = asked.tally([counting(bad, good)], MINUTES)

    assert told.valid.tolist() == shown(rows, lambda _: True)
    assert told.bad.tolist() == shown(rows, lambda row: row["status"] >= 500)


def test_a_query_that_counts_by_itself_is_asked_by_the_minute(asked):
    query = 'sum(count_over_time(http_duration_seconds_count{job="shop"}[$window]))'

    (told,) = asked.tally([counting(query, query)], MINUTES[1:5])

    assert told.valid.tolist() == [4, 4, 4, 4]


@pytest.mark.parametrize(
    "query",
    [
        "sum(increase(a_total[$window] offset 5m))",
        "max(increase(a_total[$window]))",
        "sum(increase(a_total[$window])) * 2",
    ],
)
def test_what_can_only_be_guessed_is_refused(asked, query):
    with pytest.raises(NotTold, match="can only be guessed"):
        asked.tally([counting(query, "a_total")], MINUTES[:2])


def test_a_bound_that_no_bucket_has_is_refused_with_those_that_there_are(asked):
    text = SHOP.replace('le="0.3"', 'le="0.5"')

    with pytest.raises(NotTold, match=r"no bucket ends at 0.5; they end at 0.1, 0.3, 1.2, \+Inf"):
        asked.tally(indicators(text), MINUTES[:30])


def test_labels_break_a_burn_down(asked, rows):
    burn, before = Span(FIRST + 60, FIRST + 121), Span(FIRST, FIRST + 60)
    found = asked.breakdown(
        indicators()[0], ("route", "status", "attributes.nothing"), [burn], [before]
    )

    told = {
        tuple(found.values[place][code - 1] for place, code in enumerate(codes[:2])): bad
        for codes, bad in zip(found.codes.tolist(), found.sums.bad.tolist(), strict=True)
        if bad
    }
    edge = START.replace(tzinfo=None) + timedelta(hours=1)
    expected = dict[tuple[str, str], int]()
    for row in rows:
        if row["status"] >= 500 and row["time"] > edge - timedelta(seconds=12):
            pair = row["route"], str(row["status"])
            expected[pair] = expected.get(pair, 0) + 1
    assert told == expected
    assert set(found.tenants.values) == {"acme", "zeta", "", "o'neil"}
    assert found.sums.valid.sum() + found.sums.valid_before.sum() == len(rows)


def test_versions_are_told_by_their_label(asked, rows):
    found = asked.split(indicators()[0], Span(FIRST, FIRST + 121))

    assert found.valid.sum() == len(rows)
    assert set(found.version) == {"v1", "v2"}
    assert set(found.route) == {"/pay", "/cart", "/items/{id}", "/healthz"}


def test_what_rows_alone_can_tell_is_said_to_be_unknown(asked):
    of, span = indicators()[0], Span(FIRST, FIRST + 5)

    for ask in (
        lambda: asked.failing(of, [span], 5),
        lambda: asked.logs(of, span, span),
        lambda: asked.paths(of, span, ["ledger"], 5),
        lambda: asked.split(of, span, through="ledger"),
    ):
        with pytest.raises(NotTold, match="Counters tell how many requests there were, and not"):
            ask()


def test_it_is_complete_up_to_what_is_counted_and_alive_while_it_was_scraped(asked):
    of = requests(document())

    assert asked.liveness(of).first_request is not None
    first = asked.touched(of, 0)
    life = asked.liveness(of)

    assert first.left == 0
    assert life.as_of == UNTIL - timedelta(seconds=12)
    assert [(span.start, span.end) for span in life.alive] == [(FIRST - 5, minute_floor(UNTIL))]
    assert life.unseen == ()


def test_services_whose_counters_nobody_scrapes_are_unseen(asked):
    of = requests(document(SHOP.replace("http_", "nothing_")))

    life = asked.liveness(of)

    assert (life.first_request, life.as_of, life.unseen) == (None, None, ("shop",))


def test_a_server_that_is_not_there_is_said_so_and_nothing_is_counted():
    with (
        asking("http://127.0.0.1:9") as source,
        pytest.raises(SourceFailed, match="Prometheus: "),
    ):
        source.tally(indicators(), MINUTES)


TWIN = """
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: shop
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
  latency: {good: duration_ms <= 300, target: 99%, window: {rolling: 28d}}
"""


def test_a_document_and_its_twin_in_promql_agree_to_the_scrape(asked, rows, tmp_path):
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        stage(warehouse, "requests", rows)
        warehouse.add_requests(Receipt(feed="sender", key="1", position=0, line=0))
        counted = warehouse.tally(indicators(TWIN), MINUTES)

    for row, counter in zip(counted, asked.tally(indicators(), MINUTES), strict=True):
        for exact, shown_ in ((row.valid, counter.valid), (row.bad, counter.bad)):
            behind = np.cumsum(exact) - np.cumsum(shown_)
            assert exact.sum() == shown_.sum() > 100
            # At the end of a minute the last scrape was 12 seconds ago.
            assert (behind >= 0).all()
            assert (behind <= exact).all()
