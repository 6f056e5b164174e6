"""A pool has one budget, and each of its members is still watched for itself."""

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from errorbudget.ledger.window import minute_floor
from errorbudget.notify.message import Message
from errorbudget.program.program import Program
from program.traffic import START, Minute, at, rows

MINUTE = timedelta(minutes=1)
DIES = at(3, "12:00")
MEMBERS = ("cart", "search", "stock")
POOL = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
name: shelf
services: [cart, search, stock]
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
"""


def busy(minute: int) -> Minute:
    """Ten requests a minute, one in a thousand of them bad."""
    return (9, 1) if minute % 100 == 0 else (10, 0)


def sparse(minute: int) -> Minute:
    """Three requests an hour, and from a moment on all of them bad."""
    if minute % 20:
        return (0, 0)
    return (0, 1) if minute >= minute_floor(DIES) else (1, 0)


@pytest.fixture
def pooled(tmp_path: Path) -> Program:
    program = Program.open(tmp_path / "home", create=True)
    for service in MEMBERS:
        file = tmp_path / f"{service}.ndjson"
        traffic = sparse if service == "stock" else busy
        file.write_bytes(rows(START, at(4), traffic, service))
        program.requests.ingest(file)
    document = tmp_path / "shelf.yaml"
    document.write_text(POOL)
    program.objectives.apply(document, now=START)
    return program


def told_of(program: Program) -> list[Message]:
    contexts = program.contexts(patience=60)
    watch = program.watch(contexts=contexts)
    told = [one for after in range(-30, 90) for one in watch.tick(DIES + after * MINUTE)]
    contexts.close()
    return told


def test_a_member_that_is_dead_is_told_by_name_while_its_pool_is_calm(pooled: Program) -> None:
    with pooled as program:
        (told,) = told_of(program)

    assert (told.service, told.kind, told.level) == ("shelf/stock", "fired", "fire")
    assert timedelta(minutes=6) <= told.at - DIES <= timedelta(minutes=53)
    assert "stock is a member of the pool shelf, watched alone." in told.lines
    assert told.context is not None
    assert told.context["valid"] == told.context["bad"] > 0


def test_the_counts_of_members_are_those_of_the_rows_and_come_to_their_pool(
    pooled: Program, tmp_path: Path
) -> None:
    with pooled as program:
        (budget,) = [one.as_dict() for one in program.budgets.read("shelf", at=at(4))]
        (burn,) = [one.as_dict() for one in program.burns.read("shelf", at=at(4))]
    plain = duckdb.execute(
        """select service, count(*), count(*) filter (status >= 500)
        from read_ndjson($files) group by service order by service""",
        {"files": str(tmp_path / "*.ndjson")},
    ).fetchall()

    members = budget["members"]
    assert [(one["services"][0], one["valid"], one["bad"]) for one in members] == plain
    assert {one["pool"] for one in members} == {"shelf"}
    assert budget["pool"] == ""
    for count in ("valid", "bad"):
        assert sum(one[count] for one in members) == budget[count]
        for place, horizon in enumerate(burn["horizons"]):
            of_members = [one["horizons"] for one in burn["members"]]
            shared = [
                one for own in of_members for one in own if one["horizon"] == horizon["horizon"]
            ]
            if len(shared) == len(MEMBERS):
                assert sum(one[count] for one in shared) == horizon[count], place
    assert [one["alert"] for one in burn["members"]] == ["none", "none", "fire"]
    assert {one["horizon"] for one in burn["members"][0]["horizons"]} == {"6h", "24h"}


def test_a_pool_that_burns_says_what_each_member_has_to_do_with_it(tmp_path: Path) -> None:
    with Program.open(tmp_path / "home", create=True) as program:
        for service in MEMBERS:
            file = tmp_path / f"{service}.ndjson"
            fails = service == "cart"

            def traffic(minute: int, fails: bool = fails) -> Minute:
                return (0, 10) if fails and minute >= minute_floor(DIES) else (10, 0)

            file.write_bytes(rows(START, at(4), traffic, service))
            program.requests.ingest(file)
        document = tmp_path / "shelf.yaml"
        document.write_text(POOL)
        program.objectives.apply(document, now=START)
        told = told_of(program)

    (of_pool,) = [one for one in told if one.service == "shelf"]
    of_member = [one for one in told if one.service == "shelf/cart"]
    (line,) = [one for one in of_pool.lines if one.startswith("By member")]
    assert "search 0 of 14,400 failed" in line
    assert all(one.context is not None for one in told)
    assert "most in service=cart" in of_pool.title
    assert {one.service for one in told} == {"shelf", "shelf/cart"}
    assert of_member[-1].level == of_pool.level == "fire"


def test_an_alert_of_a_member_is_taken_back_when_it_leaves_the_pool(
    pooled: Program, tmp_path: Path
) -> None:
    with pooled as program:
        watch = program.watch(route=lambda names: names)
        for after in range(0, 90, 10):
            watch.tick(DIES + after * MINUTE)
        document = tmp_path / "shelf.yaml"
        document.write_text(POOL.replace(", stock]", "]\nnotify: [chat]"))
        program.objectives.apply(document, now=START)
        (told,) = watch.tick(DIES + 90 * MINUTE)

        assert (told.service, told.kind) == ("shelf/stock", "resolved")
        assert [one.address for one in program.home.outbox.due("chat", at(4))] == ["chat"]
