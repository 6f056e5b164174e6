"""An alert opens an incident; people see to it, write about it and close it, all in the trail."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from errorbudget.change import Change
from errorbudget.errors import Failure
from errorbudget.notify.message import Kind, Level, Message, identity
from errorbudget.program.incidents import follow
from errorbudget.program.program import Program
from errorbudget.program.watching.telling import to_acknowledge
from errorbudget.store.incidents import DeclaredBy
from program.traffic import at, between, document, fed

FIRES = at(2, "12:12")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with Program.open(tmp_path / "home", create=True) as program:
        program.objectives.apply(document(tmp_path), now=at(0))
        yield program


def told(kind: Kind, *, after: int = 0, objective: str = "availability", **more: Any) -> Message:
    moment = FIRES + after * MINUTE
    known = {
        "id": identity("shop", objective, f"{kind}{after}"),
        "kind": kind,
        "level": Level.FIRE,
        "service": "shop",
        "objective": objective,
        "title": f"shop: {kind} ({objective})",
        "at": moment,
        "started_at": at(2, "12:00"),
    }
    return Message(**known | more)  # pyright: ignore[reportArgumentType]


def hear(program: Program, *messages: Message) -> None:
    for message in messages:
        with program.home.database.writing() as connection:
            follow(program.home, connection, message, "production", message.at)


def states(program: Program) -> list[str]:
    entries = (entry.fields() for entry in program.home.trail.entries())
    return [one["body"]["state"] for one in entries if one["kind"] == "incident"]


def happened(program: Program, number: int) -> list[tuple[str, str]]:
    shown = program.incidents.show(number, now=FIRES + timedelta(hours=9))
    return [(one["what"], one["by"]) for one in shown["timeline"]]


def test_an_alert_opens_one_incident_that_its_recovery_ends(program: Program) -> None:
    hear(program, told(Kind.FIRED), told(Kind.ESCALATED, after=5), told(Kind.RESOLVED, after=60))

    (one,) = program.incidents.list()
    assert (one.origin, one.declared_by) == (DeclaredBy.ALERT, "alert")
    assert (one.started_at, one.ended_at) == (at(2, "12:00"), FIRES + 60 * MINUTE)
    assert [what for what, _ in happened(program, one.id)] == [
        "opened",
        "alert",
        "escalated",
        "recovered",
    ]
    assert states(program) == ["opened", "recovered"]


def test_alerts_of_one_service_share_an_incident_until_the_last_recovers(program: Program) -> None:
    hear(program, told(Kind.FIRED), told(Kind.FIRED, after=1, objective="latency"))
    hear(program, told(Kind.RESOLVED, after=30))
    (one,) = program.incidents.list()
    assert one.ended_at is None

    hear(program, told(Kind.RESOLVED, after=40, objective="latency"))
    (one,) = program.incidents.list()
    assert one.ended_at == FIRES + 40 * MINUTE


def test_people_acknowledge_note_and_close_and_changes_stand_between(program: Program) -> None:
    hear(program, told(Kind.FIRED))
    fix = Change(id="d-2", service="shop", version="2.14.1", started_at=FIRES + 8 * MINUTE)
    program.changes.record(fix, now=FIRES + 8 * MINUTE)
    program.incidents.acknowledge(1, by="ana", now=FIRES + 4 * MINUTE)
    program.incidents.acknowledge(1, by="ben", now=FIRES + 5 * MINUTE)
    program.incidents.note(1, "the pool is full", by="ana", now=FIRES + 6 * MINUTE)
    closed = program.incidents.close(1, by="ana", now=FIRES + 20 * MINUTE)

    assert (closed.acknowledged_by, closed.ended_by) == ("ana", "ana")
    assert happened(program, 1) == [
        ("opened", "alert"),
        ("alert", "alert"),
        ("acknowledged", "ana"),
        ("acknowledged", "ben"),
        ("note", "ana"),
        ("change", "shop"),
        ("closed", "ana"),
    ]
    assert states(program) == ["opened", "acknowledged", "acknowledged", "closed"]
    again = program.incidents.close(1, by="ben", now=FIRES + 30 * MINUTE)
    assert again == closed
    assert states(program)[-1:] == ["closed"]


def test_what_a_person_declared_hears_alerts_and_is_not_ended_by_them(program: Program) -> None:
    program.incidents.declare("shop", "checkout is down", by="ana", now=FIRES)
    hear(program, told(Kind.FIRED, after=1), told(Kind.RESOLVED, after=9))

    (one,) = program.incidents.list()
    assert (one.origin, one.ended_at) == (DeclaredBy.PERSON, None)
    assert [what for what, _ in happened(program, 1)] == ["opened", "alert", "recovered"]


def test_lateness_notes_and_the_end_of_nothing_open_no_incident(program: Program) -> None:
    late = told(Kind.FIRED, objective="", level=Level.LAG)
    hear(program, late, told(Kind.RESOLVED), told(Kind.CONTEXT), told(Kind.NOTE))

    assert program.incidents.list() == []


def test_nobody_is_asked_to_see_to_what_is_over_or_seen_to(program: Program) -> None:
    page, later = told(Kind.FIRED), told(Kind.ESCALATED, after=5)
    with program.home.database.writing() as connection:
        opened = follow(program.home, connection, page, "production", page.at)
    assert to_acknowledge(page, opened).lines == (
        "Acknowledge: errorbudget incident acknowledge 1",
    )

    program.incidents.acknowledge(1, by="ana", now=FIRES + MINUTE)
    with program.home.database.writing() as connection:
        standing = follow(program.home, connection, later, "production", later.at)
    assert to_acknowledge(later, standing).lines == ()

    program.incidents.close(1, by="ana", now=FIRES + 20 * MINUTE)
    with pytest.raises(Failure, match=r"incident 1 is over since 2026-.*nothing left to see to"):
        program.incidents.acknowledge(1, by="ben", now=FIRES + 30 * MINUTE)


def test_changes_of_every_service_that_the_document_speaks_for_stand_in_its_timeline(
    program: Program, tmp_path: Path
) -> None:
    path = document(tmp_path)
    text = path.read_text()
    path.write_text(text.replace("service: shop", "services: [front, back]\nname: shop"))
    program.objectives.apply(path, now=at(1))
    hear(program, told(Kind.FIRED))
    for service, environment in (("front", ""), ("back", "staging"), ("other", "")):
        change = Change(
            id=service,
            service=service,
            version="2",
            environment=environment,
            started_at=FIRES - 2 * MINUTE,
        )
        program.changes.record(change, now=FIRES)

    assert [by for what, by in happened(program, 1) if what == "change"] == ["front"]


def test_an_incident_that_is_not_there_is_said_with_the_way_out(program: Program) -> None:
    for answer in (program.incidents.acknowledge, program.incidents.close):
        with pytest.raises(Failure, match="there is no incident 7; `errorbudget incident list`"):
            answer(7, by="ana", now=FIRES)
    with pytest.raises(Failure, match="--by"):
        program.incidents.note(7, "text", by="", now=FIRES)


def test_a_watch_opens_the_incident_with_its_context_in_it(tmp_path: Path) -> None:
    outage = between(at(2, "12:00"), at(2, "12:20"), (2, 8), (10, 0))
    with fed(tmp_path, outage, days=3) as program:
        contexts = program.contexts(patience=60)
        (message,) = program.watch(contexts=contexts).tick(FIRES)
        contexts.close()

        shown = program.incidents.show(1, now=FIRES)

    assert shown["title"] == message.title
    assert shown["context"]["headline"] == message.context["headline"]  # pyright: ignore[reportOptionalSubscript]
    assert shown["origin"] == "alert"
