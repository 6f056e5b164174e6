"""A journey through several services is one promise: known by ids, else between bounds."""

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import orjson
import pytest

from errorbudget import clock
from errorbudget.ledger.composite import Composed, Joined, Told
from errorbudget.objective.document import Composite
from errorbudget.program.program import Program
from errorbudget.review.composing import CompositeKept
from errorbudget.review.markdown import markdown
from program.live import send
from program.traffic import START, at

MINUTE = timedelta(minutes=1)
CHECKOUT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: checkout
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
composites:
  order:
    description: placed, paid for and on its way
    of: availability
    joins: {ledger: availability, mail: delivery}
    target: 90%
    window: {rolling: 7d}
"""
MEMBER = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: %s
objectives:
  %s: {good: status < 500, target: 99%%, window: {rolling: 28d}}
"""
PLAIN = """
with rows as (
    select time::timestamp as time, service, status, trace_id from read_ndjson($files)
)
select count(*), count(*) filter (
    status >= 500 or exists (
        select 1 from rows as led
        where led.service <> 'checkout' and led.status >= 500 and led.trace_id <> ''
            and led.trace_id = entered.trace_id
            and led.time between
                entered.time - interval 1 hour and entered.time + interval 24 hours
    )
)
from rows as entered
where service = 'checkout'
"""


def orders(random: Random, count: int, *, named: float, every: bool) -> tuple[list[Any], int]:
    """Rows of so many operations, of which a share keeps its ids, and how many really failed.

    `every`: each of them asks both other services, once.
    """
    rows: list[dict[str, Any]] = []
    failed = 0
    for number in range(count):
        entered = START + number * timedelta(minutes=3)
        bad = False
        for service, often in (("checkout", 1.0), ("ledger", 0.8), ("mail", 0.5)):
            if not every and random.random() >= often:
                continue
            fails = random.random() < 0.03
            bad |= fails
            rows.append(
                {
                    "time": clock.text(entered + random.choice([0, 2, 600]) * MINUTE / 2),
                    "service": service,
                    "status": 500 if fails else 200,
                    "trace_id": f"order-{number}" if random.random() < named else "",
                }
            )
            if service == "checkout":
                rows[-1]["time"] = clock.text(entered)
        failed += bad
    return rows, failed


def applied(program: Program, folder: Path, *services: tuple[str, str]) -> None:
    texts = {"checkout": CHECKOUT} | {name: MEMBER % (name, one) for name, one in services}
    for name, text in texts.items():
        file = folder / f"{name}.yaml"
        file.write_text(text)
        program.objectives.apply(file, now=START)


BOTH = (("ledger", "availability"), ("mail", "delivery"))


def ingest(program: Program, folder: Path, name: str, rows: list[Any]) -> None:
    file = folder / f"{name}.ndjson"
    file.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    program.requests.ingest(file)


def order(program: Program, when: float = 6) -> dict[str, Any]:
    told = [one.as_dict() for one in program.budgets.read("checkout", at=at(when))]
    (found,) = [one for one in told if one["objective"] == "order"]
    return found


@pytest.mark.parametrize("seed", range(4))
def test_operations_with_ids_are_those_of_plain_sql_however_late_their_rows(
    tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    rows, failed = orders(random, 1500, named=1, every=False)
    random.shuffle(rows)
    found = dict[str, Any]()
    with Program.open(tmp_path / "home", create=True) as program:
        applied(program, tmp_path, *BOTH)
        for part in range(3):
            ingest(program, tmp_path, f"rows-{part}", rows[part::3])
            found = order(program)  # counted in between, so that later rows find old counts
        plain = duckdb.execute(PLAIN, {"files": str(tmp_path / "*.ndjson")}).fetchone()

    assert (found["valid"], found["bad"]) == plain == (1500, failed)
    assert found["composite"]["bad"] == [failed, failed]
    assert found["composite"]["words"] == ""


@pytest.mark.parametrize("named", [0, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(3))
def test_without_ids_the_truth_lies_between_the_bounds(
    tmp_path: Path, named: float, seed: int
) -> None:
    rows, failed = orders(Random(seed), 800, named=named, every=True)
    with Program.open(tmp_path / "home", create=True) as program:
        applied(program, tmp_path, *BOTH)
        ingest(program, tmp_path, "rows", rows)
        found = order(program)

    low, high = found["composite"]["bad"]
    assert (
        found["bad"]
        <= low
        <= failed
        <= high
        <= found["bad"] + sum(one["bad"] for one in found["composite"]["joins"])
    )
    assert low < high
    assert f"{low} to {high} of 800 operations failed: " in found["composite"]["words"]
    if named == 0:
        of_each = [row["service"] for row in rows if row["status"] == 500]
        assert low == max(of_each.count(service) for service in set(of_each))
        assert high == len(of_each)


def test_a_correction_and_an_error_log_of_a_joined_request_fail_the_operation(
    tmp_path: Path,
) -> None:
    rows, _ = orders(Random(1), 30, named=1, every=True)
    for row in rows:
        row["status"] = 200
    strict = MEMBER.replace("status < 500", "status < 500 and error_logs = 0")
    with Program.open(tmp_path / "home", create=True) as program:
        applied(program, tmp_path, *BOTH)
        file = tmp_path / "mail.yaml"
        file.write_text(strict % ("mail", "delivery"))
        program.objectives.apply(file, now=START)
        ingest(program, tmp_path, "rows", rows)
        before = order(program)["bad"]
        program.requests.correct("ledger", ["order-3"], "bad", "posted twice", now=at(1))
        corrected = order(program)["bad"]
        log = {"time": clock.text(START + 360 * MINUTE), "service": "mail", "level": "error"}
        file = tmp_path / "logs.ndjson"
        file.write_bytes(orjson.dumps(log | {"trace_id": "order-9", "message": "bounced"}) + b"\n")
        program.requests.ingest(file, logs=True)
        logged = order(program)["bad"]
        program.requests.correct("checkout", ["order-9"], "good", "sent by hand", now=at(2))

        assert (before, corrected, logged, order(program)["bad"]) == (0, 1, 2, 1)


@pytest.mark.parametrize(
    ("others", "missing"),
    [
        ([("ledger", "availability")], ["mail delivery"]),
        ([], ["ledger availability", "mail delivery"]),
    ],
)
def test_what_nobody_promises_leaves_the_operations_unknown(
    tmp_path: Path, others: list[tuple[str, str]], missing: list[str]
) -> None:
    rows, _ = orders(Random(1), 30, named=1, every=True)
    with Program.open(tmp_path / "home", create=True) as program:
        applied(program, tmp_path, *others)
        ingest(program, tmp_path, "rows", rows)
        found = order(program)

    assert (found["state"], found["remaining"]) == ("unknown", None)
    assert found["composite"]["missing"] == missing
    assert found["composite"]["words"] == f"nobody promises {' or '.join(missing)}"


def test_a_member_of_a_pool_is_joined_by_its_own_requests(tmp_path: Path) -> None:
    rows, _ = orders(Random(1), 100, named=1, every=True)
    with Program.open(tmp_path / "home", create=True) as program:
        pool = MEMBER.replace("service: %s", "name: back\nservices: [ledger, other, %s]")
        for name, text in (
            ("checkout", CHECKOUT.replace("delivery", "availability")),
            ("back", pool % ("mail", "availability")),
        ):
            file = tmp_path / f"{name}.yaml"
            file.write_text(text)
            program.objectives.apply(file, now=START)
        ingest(program, tmp_path, "rows", rows)
        joins = order(program)["composite"]["joins"]

    assert [(one["service"], one["valid"]) for one in joins] == [("ledger", 100), ("mail", 100)]


def test_a_watch_tells_of_operations_that_fail_elsewhere_and_the_gate_is_not_asked(
    tmp_path: Path,
) -> None:
    """Each service alone stays within what it promised; together they do not."""
    rows: list[dict[str, Any]] = []
    fails = at(2)
    for number in range(3 * 480):
        entered = START + number * 3 * MINUTE
        late = entered >= fails
        for place, service in enumerate(("checkout", "ledger", "mail")):
            bad = late and place > 0 and number % 2 == place - 1
            rows.append(
                {
                    "time": clock.text(entered),
                    "service": service,
                    "status": 500 if bad else 200,
                    "trace_id": f"order-{number}",
                }
            )
    with Program.open(tmp_path / "home", create=True) as program:
        applied(program, tmp_path, *BOTH)
        ingest(program, tmp_path, "rows", rows)
        contexts = program.contexts(patience=60)
        watch = program.watch(contexts=contexts)
        told = [one for after in range(0, 120, 5) for one in watch.tick(fails + after * MINUTE)]
        contexts.close()
        sight = program.budgets.of([program.budgets.document("checkout")], at=at(3))

    of_order = [one for one in told if one.objective == "order"]
    assert {one.service for one in of_order} == {"checkout"}
    assert of_order[0].kind == "fired"
    context = of_order[0].context
    assert context is not None
    assert context["bad"] > 0
    assert any(one.startswith("By service, ledger 9 of 17 failed,") for one in context["limits"])
    assert "look at ledger first" in context["first_move"]
    assert "more in ledger than elsewhere" in of_order[0].title
    assert "checkout" not in {one.service for one in told if one.objective == "availability"}
    assert [one.objective for one in sight] == ["availability"]


def test_operations_are_complete_only_where_every_service_is(tmp_path: Path) -> None:
    with Program.open(tmp_path / "home", create=True) as program:
        applied(program, tmp_path, *BOTH)
        for service, until in (("checkout", 60), ("ledger", 40), ("mail", 50)):
            send(
                program,
                {START + minute * MINUTE: (1, 0) for minute in range(until)},
                service,
                feed=service,
            )
        found = order(program, 1)

    assert found["as_of"] == clock.text(START + 39 * MINUTE)
    assert found["coverage"] < 1


def test_a_quarter_s_review_judges_a_composite_as_surely_as_its_operations_are_known(
    tmp_path: Path,
) -> None:
    rows, failed = orders(Random(3), 1200, named=1, every=True)
    with Program.open(tmp_path / "home", create=True) as program:
        applied(program, tmp_path, *BOTH)
        ingest(program, tmp_path, "rows", rows)
        told = program.reviews.read("checkout", "2026Q1", at=at(2.5))
        nothing = program.reviews.read("checkout", "2025Q4", at=at(2.5))

    (one,) = told["services"][0]["composites"]
    assert (one["composite"], one["operations"], one["bad"]) == ("order", 1200, [failed, failed])
    assert one["verdict"] == ("kept" if failed <= 120 else "missed")
    assert told["whole"]["composites"][one["verdict"]] == 1
    assert f"order 90%: {one['verdict']}; {failed} of 1,200 operations failed" in one["sentence"]
    assert one["sentence"] in markdown(told)
    (before,) = nothing["services"][0]["composites"]
    assert (before["verdict"], before["used"]) == ("unknown", None)


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(2, 9, "kept"), (2, 11, "unknown"), (11, 20, "missed")]
)
def test_a_composite_is_kept_or_missed_only_where_both_bounds_say_so(
    low: int, high: int, verdict: str
) -> None:
    promise = Composite.model_validate(
        {"of": "a", "joins": {"mail": "b"}, "target": "90%", "window": {"rolling": "7d"}}
    )
    joined = Joined(valid=100, bad=high - low, nameless=high - low)
    found = Composed(operations=100, bad=low, nameless=0, joins={"mail": joined})
    kept = CompositeKept(
        name="order",
        promise=promise,
        told=Told(of="a", objectives={"mail": "b"}, found=found),
        minutes=100,
        minutes_alive=100,
    )

    assert kept.verdict == verdict
    assert verdict in kept.sentence
