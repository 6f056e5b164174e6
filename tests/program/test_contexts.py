"""An alert carries what is known of its burn, and never waits for it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from errorbudget import clock
from errorbudget.burn.attribution import Finding
from errorbudget.burn.correlation import Coincidence
from errorbudget.change import Change
from errorbudget.errors import Failure
from errorbudget.notify.message import Kind, Message
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.explaining.explaining import Explaining
from errorbudget.program.program import Program
from errorbudget.program.watching import telling
from errorbudget.program.watching.contexts import MOST, Contexts
from program.traffic import at, between, document, fed

FIRES = at(2, "12:12")
OUTAGE = between(at(2, "12:00"), at(2, "12:20"), (2, 8), (10, 0))
Made = Callable[..., Contexts]


class Slow:
    """A source whose breakdowns take until somebody says go."""

    def __init__(self, source: Any, go: Event) -> None:
        self._source = source
        self._go = go

    def breakdown(self, *asked: Any) -> Any:
        assert self._go.wait(30)
        return self._source.breakdown(*asked)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with fed(tmp_path, OUTAGE, days=3) as program:
        yield program


@pytest.fixture
def go() -> Event:
    return Event()


@pytest.fixture
def slow(program: Program, go: Event) -> Iterator[Contexts]:
    source = program.warehouse.another()
    budgets = Budgets(program.home, source, program.objectives)
    explaining = Explaining(Slow(source, go), budgets, program.home.changes)  # pyright: ignore[reportArgumentType]
    made = Contexts(
        lambda service, objective, at: explaining.explain(service, objective, at=at), patience=0.05
    )
    yield made
    go.set()
    made.close()


def stored(program: Program) -> list[Message]:
    return [Message.from_bytes(told.body) for told in program.home.alerts.told()]


def test_an_alert_says_what_explain_says_and_keeps_it(program: Program) -> None:
    contexts = program.contexts(patience=60)
    (told,) = program.watch(contexts=contexts).tick(FIRES)
    contexts.close()
    found = program.explaining.explain("shop", "availability", at=FIRES)

    assert told.kind is Kind.FIRED
    assert told.lines[-1] == "Acknowledge: errorbudget incident acknowledge 1"
    said = {f"{one.heading}: {line}" for one in found.sections() for line in one.lines}
    assert {line for line in said if not line.startswith("Budget: ")} <= set(told.lines)
    assert {f"Budget: {line}" for line in told.lines[:3]} <= said
    assert told.context is not None
    assert told.context["sections"] == found.as_dict()["sections"]
    assert told.picture.startswith(b"\x89PNG")
    assert stored(program) == [told]


def test_a_page_goes_out_before_its_context_and_is_completed_in_its_thread(
    program: Program, go: Event, slow: Contexts
) -> None:
    watch = program.watch(route=lambda _: ("chat",), contexts=slow)
    (page,) = watch.tick(FIRES)
    assert page.context is None
    assert program.home.outbox.due("chat", FIRES)
    assert watch.tick(FIRES + timedelta(seconds=2)) == []

    go.set()
    (more,) = _until_told(lambda: watch.tick(FIRES + timedelta(seconds=4)))

    assert more.kind is Kind.CONTEXT
    assert (more.thread, more.started_at, more.level) == (page.thread, page.started_at, page.level)
    assert more.title.startswith(page.title)
    assert more.context is not None
    assert more.lasting
    assert stored(program) == [page, more]
    now = FIRES + timedelta(minutes=1)
    (letter,) = program.home.outbox.due("chat", now)
    assert letter.message == page.id
    program.home.outbox.sent(letter, now)
    assert [one.message for one in program.home.outbox.due("chat", now)] == [more.id]


def test_nobody_hears_more_of_what_is_over(
    program: Program, go: Event, slow: Contexts, tmp_path: Path
) -> None:
    watch = program.watch(contexts=slow)
    watch.tick(FIRES)
    path = document(tmp_path)
    path.write_text(path.read_text().replace("availability:", "success:"))
    program.objectives.apply(path, now=FIRES)
    over = watch.tick(FIRES + timedelta(seconds=2))
    assert ("availability", Kind.RESOLVED) in [(one.objective, one.kind) for one in over]

    go.set()
    slow.close()

    later = watch.tick(FIRES + timedelta(seconds=4))
    assert [one for one in later if one.objective == "availability"] == []


def test_a_context_that_cannot_be_found_out_keeps_nobody_from_being_told(program: Program) -> None:
    def broken(service: str, objective: str, moment: object) -> Any:
        raise RuntimeError("the disk is gone")

    contexts = Contexts(broken, patience=60)
    watch = program.watch(contexts=contexts)
    (page,) = watch.tick(FIRES)
    contexts.close()

    assert (page.kind, page.context) == (Kind.FIRED, None)
    assert watch.problem == ""
    assert watch.tick(FIRES + timedelta(seconds=2)) == []


def test_a_context_that_cannot_be_put_into_words_keeps_nobody_from_being_told(
    program: Program,
) -> None:
    class Wordless:
        def __init__(self, found: Any) -> None:
            self.bars = found.bars

        def sections(self) -> Any:
            raise ZeroDivisionError

        as_dict = first_line = sections

    def wordless(service: str, objective: str, moment: Any) -> Any:
        return Wordless(program.explaining.explain(service, objective, at=moment))

    contexts = Contexts(wordless, patience=60)
    watch = program.watch(contexts=contexts)
    (page,) = watch.tick(FIRES)
    contexts.close()

    assert (page.kind, page.context) == (Kind.FIRED, None)
    assert stored(program) == [page]


def test_of_very_many_pages_at_once_those_beyond_say_how_one_asks_for_it(
    program: Program, go: Event
) -> None:
    (page,) = program.watch().tick(FIRES)
    pages = [(replace(page, service=f"s{number}", id=str(number)), ()) for number in range(60)]
    asked: list[str] = []

    def slowly(service: str, objective: str, moment: Any) -> Any:
        asked.append(service)
        assert go.wait(30)
        raise Failure("nothing is known")

    contexts = Contexts(slowly, patience=0.01)
    told = contexts.add(pages, FIRES)
    go.set()
    until = time.monotonic() + 30
    while len(asked) < MOST and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)  # each takes no time now: one asked for too much would be here
    contexts.close()

    assert told[:MOST] == pages[:MOST]
    assert [message.lines[:-1] for message, _ in told][MOST:] == [page.lines] * 10
    assert told[-1][0].lines[-1] == (
        "Too much burns at once to say more here: errorbudget explain s59 availability"
        f" --at {clock.text(FIRES)}"
    )
    assert len(asked) == MOST


def test_a_context_that_a_restart_came_between_is_found_out_after_it(program: Program) -> None:
    def stopped(service: str, objective: str, moment: Any) -> Any:
        raise Failure("the server stops here")

    first = Contexts(stopped, patience=60)
    (page,) = program.watch(contexts=first).tick(FIRES)
    first.close()
    contexts = program.contexts()
    watch = program.watch(contexts=contexts)

    (more,) = _until_told(lambda: watch.tick(FIRES + timedelta(minutes=1)))

    assert page.context is None
    assert (more.kind, more.thread) == (Kind.CONTEXT, page.thread)
    assert more.context is not None
    assert program.watch(contexts=contexts).tick(FIRES + timedelta(minutes=2)) == []
    contexts.close()


def test_what_is_too_long_for_a_first_line_is_cut_before_the_change_is_lost(
    program: Program,
) -> None:
    (page,) = program.watch().tick(FIRES)
    found = program.explaining.explain("shop", "availability", at=FIRES)
    place = Finding(
        match={"attributes.checkpoint": "m" * 200},
        excess=8,
        share=1,
        rate=1,
        baseline_rate=0,
        n=8,
        bad=8,
    )
    change = Change(id="c", service="shop", version="2.14.0", started_at=FIRES)
    fits = Coincidence(change=change, fits=True, evidence=("",), score=1)

    told = telling.in_context(page, replace(found, where=(place,), changes=(fits,)), b"")

    assert told.title.endswith("coincides with shop 2.14.0")
    assert "most in attributes.checkpoint=mmm" in told.title


def _until_told(tick: Callable[[], list[Message]]) -> list[Message]:
    for _ in range(600):
        if told := tick():
            return told
        time.sleep(0.05)
    return []
