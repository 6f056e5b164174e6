"""Counting a quarter of five services, 20 million requests, against one query written by hand."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from errorbudget.objective.criterion import check_criterion, check_expression
from errorbudget.objective.indicator import Indicator, Requests
from errorbudget.request import COLUMNS, Receipt
from errorbudget.source.duckdb.warehouse import Warehouse

SERVICES = ("checkout", "search", "ledger", "cart", "mail")
DAYS = 90
ROWS = 20_000_000
ROUNDS = 3
Row = tuple[str, float, float, str, str]
"""What was measured, ours, the reference, the unit of both, and a note."""


A_DAY = (Path(__file__).parent / "a_quarter.sql").read_text()
BY_HAND = """
select
    service,
    minute,
    count(*) filter (
        where status is null or status not between 400 and 499
            or (status = 499 and duration_ms >= 1200)
    ),
    count(*) filter (
        where (status is null or status not between 400 and 499
            or (status = 499 and duration_ms >= 1200))
        and not (status < 500 and duration_ms <= 1200)
    )
from requests
where environment in ('', 'production') and route not in ('/healthz', '/metrics') and not is_bot
group by service, minute
"""


def availability(service: str) -> Indicator:
    """What a document for this service would ask."""
    return Indicator(
        requests=Requests(
            services=(service,),
            environment="production",
            scope=check_criterion("route NOT IN ('/healthz', '/metrics') AND NOT is_bot"),
            request_id=check_expression("trace_id", frozenset(COLUMNS)),
            operation=None,
            logs_required=False,
        ),
        valid=check_criterion(
            "status IS NULL OR status NOT BETWEEN 400 AND 499"
            " OR (status = 499 AND duration_ms >= 1200)"
        ),
        good=check_criterion(
            "status < 500 AND duration_ms <= 1200 AND error_logs = 0 AND corrections = 0"
        ),
    )


def fill(warehouse: Warehouse) -> None:
    """A quarter, taken in day by day."""
    for day in range(DAYS):
        warehouse.connection.execute(A_DAY, {"day": day, "rows": ROWS // DAYS + 1})
        warehouse.add_requests(Receipt(feed="quarter", key=str(day), position=day + 1, line=0))


def add_late_rows(warehouse: Warehouse) -> None:
    """One hundred rows of `search` in three minutes, weeks apart."""
    warehouse.connection.execute(A_DAY, {"day": 0, "rows": 100})
    warehouse.connection.execute(
        "update staged_requests set service = 'search', span_id = '',"
        " time = timestamp '2026-07-10 10:00' + to_days(cast(30 * (line % 3) as integer))"
    )
    warehouse.add_requests(Receipt(feed="late", key="", position=0, line=0))


def seconds(work: Callable[[], object]) -> float:
    """How long it takes, by the wall."""
    start = perf_counter()
    work()
    return perf_counter() - start


def run() -> list[Row]:
    """One row for counting everything, one for counting again after a late batch."""
    indicators = [availability(service) for service in SERVICES]
    with tempfile.TemporaryDirectory() as home:
        with Warehouse.open(Path(home) / "warehouse.duckdb") as warehouse:
            fill(warehouse)
        with Warehouse.open(Path(home) / "warehouse.duckdb") as warehouse:
            return list(_compare(warehouse, indicators))


def _compare(warehouse: Warehouse, indicators: list[Indicator]) -> Iterator[Row]:
    def by_hand() -> object:
        return warehouse.connection.execute(BY_HAND).fetchnumpy()

    def count_all() -> list[int]:
        counted = [warehouse.tally([each], None)[0] for each in indicators]
        return [int(each.valid.sum()) for each in counted]

    def count_again() -> None:
        stirred = warehouse.stirred(newest).services
        for each in indicators:
            if not stirred.isdisjoint(each.requests.services):
                touched = warehouse.touched(each.requests, newest)
                warehouse.tally([each], touched.minutes)

    assert sum(count_all()) == int(sum(np.asarray(list(by_hand().values())[2])))
    rounds = [(seconds(count_all), seconds(by_hand)) for _ in range(ROUNDS)]
    ours, reference = (median(column) for column in zip(*rounds, strict=True))
    yield "tally 20 M requests", ours, reference, " s", "5 services, 90 days; SQL by hand"
    newest = warehouse.touched(indicators[0].requests, 0).newest
    add_late_rows(warehouse)
    again = median(seconds(count_again) for _ in range(ROUNDS))
    yield "tally again", again, ours, " s", "after 100 late rows in 3 minutes; counting all"
