"""Proposing and backtesting over a quarter of 20 million requests, and how well proposals hold."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from bench import calibration
from bench.tally import A_DAY, DAYS, ROWS, Row
from errorbudget.program.program import Program
from errorbudget.request import Receipt

LIMIT = 10.0
"""Seconds that either may take."""
SERVICES = "['checkout', 'search', 'ledger', 'cart', 'mail'][cast(1 + hash(range) % 5 as integer)]"
ONE_SERVICE = A_DAY.replace(SERVICES, "'checkout'")


def run() -> list[Row]:
    """Two rows for the time, and one for each kind of service and method."""
    return [*_speed(), *calibration.rows(replicas=100)]


def _speed() -> Iterator[Row]:
    assert ONE_SERVICE != A_DAY
    with tempfile.TemporaryDirectory() as folder:
        with Program.open(Path(folder) / "home", create=True) as program:
            for day in range(DAYS):
                program.warehouse.connection.execute(
                    ONE_SERVICE, {"day": day, "rows": ROWS // DAYS + 1}
                )
                receipt = Receipt(feed="quarter", key=str(day), position=day + 1, line=0)
                program.warehouse.add_requests(receipt)
        with Program.open(Path(folder) / "home") as program:
            start = perf_counter()
            proposed = program.proposals.read("checkout")
            yield "propose 20 M requests", perf_counter() - start, LIMIT, " s", "90 days; the limit"
        assert proposed.document
        with Program.open(Path(folder) / "home") as program:
            start = perf_counter()
            told = program.backtests.retell(proposed.document.encode(), "checkout.yaml")
            yield "backtest 20 M requests", perf_counter() - start, LIMIT, " s", "the limit"
        assert told["windows"]


if __name__ == "__main__":
    import sys

    for row in calibration.rows(replicas=int(sys.argv[1])):
        print(*row[:3], row[4])
