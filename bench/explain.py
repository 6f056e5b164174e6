"""Where, who, since when and which deploy of a burning hour, in a warehouse of many requests.

The reference is one pass over the hour and the day before it by every column at once, written by
hand: less than that no answer can read that reads every request. `--full` takes 100 million.
"""

import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bench.tally import Row, seconds
from errorbudget.change import Change
from errorbudget.program.program import Program
from errorbudget.request import Receipt

START = datetime(2026, 7, 1, tzinfo=UTC)
HOURS = 28
RATE = 1000 if "--full" in sys.argv else 50
"""Requests a second."""
ROUNDS = 3

AN_HOUR = (Path(__file__).parent / "busy_hour.sql").read_text()
BY_HAND = """
select
    route, tenant, version, region, time >= $since as burns,
    count(*), count(*) filter (where not (status < 500 and duration_ms <= 1200))
from requests
where
    service = 'checkout' and environment in ('', 'production') and not is_bot
    and time >= $since - interval 24 hours and time < $until
group by all
"""
DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: checkout
environment: production
requests: {scope: NOT is_bot}
objectives:
  availability: {good: status < 500 AND duration_ms <= 1200, target: 99.5%, window: {rolling: 28d}}
"""


def run() -> list[Row]:
    """One row: the explanation against the pass."""
    with tempfile.TemporaryDirectory() as folder, made(Path(folder)) as program:
        return [compare(program)]


def made(folder: Path) -> Program:
    """A home with more than a day of requests, the last hour of which burns; all counted."""
    program = Program.open(folder / "home", create=True)
    warehouse = program.warehouse
    for hour in range(HOURS):
        given = {"hour": hour, "rate": RATE, "burns": hour == HOURS - 1}
        warehouse.connection.execute(AN_HOUR, given)
        warehouse.add_requests(Receipt(feed="hours", key=str(hour), position=hour + 1, line=0))
    document = folder / "checkout.yaml"
    document.write_text(DOCUMENT)
    program.objectives.apply(document, now=START)
    for change in deploys():
        program.changes.record(change, now=change.started_at)
    program.budgets.read(at=START + timedelta(hours=HOURS))
    return program


def deploys() -> Iterator[Change]:
    """One as the burning hour begins, earlier ones of every few hours, and a neighbour's."""
    burns = START + timedelta(hours=HOURS - 1)
    for hours, service, version in (
        (20, "checkout", "1.9.0"),
        (9, "checkout", "2.0.0"),
        (1, "payments", "7.3.0"),
        (0, "checkout", "2.1.0"),
    ):
        began = burns - timedelta(hours=hours)
        yield Change(
            id=f"{service}-{version}",
            service=service,
            version=version,
            started_at=began,
            finished_at=began + timedelta(minutes=5),
        )


def compare(program: Program) -> Row:
    """Both, one after the other, a few times."""
    until = START + timedelta(hours=HOURS)
    since = until - timedelta(hours=1)
    naive = {"since": since.replace(tzinfo=None), "until": until.replace(tzinfo=None)}

    def explain() -> None:
        told = program.explaining.explain("checkout", "availability", at=until)
        assert told.where[0].match == {"route": "/route/3", "region": "eu"}, told.where
        assert {one.change.id for one in told.changes} >= {"checkout-2.1.0"}, told.changes

    def by_hand() -> None:
        program.warehouse.connection.execute(BY_HAND, naive).fetchall()

    rounds = [(seconds(explain), seconds(by_hand)) for _ in range(ROUNDS)]
    ours, reference = (median(column) for column in zip(*rounds, strict=True))
    count = f"{HOURS * RATE * 3600 / 1e6:,.0f} M requests"
    return f"explain a burning hour of {count}", ours, reference, " s", "one pass by hand"
