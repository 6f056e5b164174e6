"""A watch tells what burns, once, whatever happens to it or to its data."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import event

from errorbudget.errors import Failure
from errorbudget.ledger.window import minute_floor
from errorbudget.notify.message import Message
from errorbudget.program.program import Program
from errorbudget.program.watching.watching import Watch
from program.live import send
from program.traffic import START, Minute, at, document, fed

MINUTE = timedelta(minutes=1)


def stories(minute: int) -> Minute:
    """Ten requests a minute; an outage, a second one, a slow burn, and traffic that stops."""
    since = minute - minute_floor(at(9, "12:00"))
    if 0 <= since < 20 or 70 <= since < 100:
        return (2, 8)
    if 180 <= since < 300:
        return (9, 1) if since % 3 else (10, 0)
    if 420 <= since < 460:
        return (0, 0)
    return (10, 0)


def forget(program: Program) -> None:
    with program.home.database.writing() as connection:
        for table in ("alert", "notice", "letter"):
            connection.exec_driver_sql(f"delete from {table}")


def ticked(
    watch: Callable[[], Watch], start: datetime, minutes: int, step: int = 1
) -> list[Message]:
    """What is told while a watch looks every so many minutes."""
    return [
        one for after in range(0, minutes, step) for one in watch().tick(start + after * MINUTE)
    ]


def summary(messages: list[Message]) -> list[tuple[str, str, str]]:
    return [(f"{one.at:%d %H:%M}", one.kind, one.level) for one in messages]


def alerts_recorded(program: Program) -> list[dict[str, str]]:
    fields = (entry.fields() for entry in program.home.trail.entries())
    return [one["body"] for one in fields if one["kind"] == "alert"]


def test_each_onset_is_told_once_and_taken_back_once(tmp_path: Path) -> None:
    with fed(tmp_path, stories, days=10) as program:
        watch = program.watch()
        told = ticked(lambda: watch, at(9, "11:50"), 540)

    assert summary(told) == [
        ("11 12:08", "fired", "fire"),
        ("11 13:11", "again", "fire"),
        ("11 15:27", "again", "fire"),
        ("11 19:15", "again", "silence"),
    ]
    assert len({one.id for one in told}) == len(told)
    assert all(one.started_at == told[0].started_at for one in told)


def test_a_watch_restarted_before_every_look_tells_the_same(tmp_path: Path) -> None:
    with fed(tmp_path, stories, days=10) as program:
        lasting = program.watch(route=lambda _: ("chat",))
        ticked(lambda: lasting, at(9, "11:50"), 540, 5)
        once = program.home.alerts.told()
        recorded = alerts_recorded(program)
        letters = program.home.outbox.counts()
        forget(program)
        ticked(lambda: program.watch(route=lambda _: ("chat",)), at(9, "11:50"), 540, 5)

        assert once
        assert program.home.alerts.told() == once
        assert [one["id"] for one in recorded] == [one.id for one in once]
        assert alerts_recorded(program) == recorded * 2  # all that was told was forgotten between
        assert program.home.outbox.counts() == letters


def test_a_look_that_could_not_be_kept_is_told_by_the_next(tmp_path: Path) -> None:
    with fed(tmp_path, stories, days=10) as program:
        watch = program.watch(route=lambda _: ("chat",))
        watch.tick(at(9, "12:06"))

        def full(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if "INTO letter" in statement:
                raise OSError("no space left on device")

        engine = program.home.database.engine
        event.listen(engine, "before_cursor_execute", full)
        with pytest.raises(OSError, match="no space"):
            watch.tick(at(9, "12:10"))
        event.remove(engine, "before_cursor_execute", full)

        assert watch.problem == "OSError: no space left on device"
        assert program.home.alerts.told() == []
        assert alerts_recorded(program) == []
        assert [one.kind for one in watch.tick(at(9, "12:10"))] == ["fired"]
        assert watch.problem == ""
        assert [one.body for one in program.home.outbox.due("chat", at(9, "12:10"))]


def test_readers_see_the_last_look_whole(tmp_path: Path) -> None:
    with fed(tmp_path, stories, days=10) as program:
        watch = program.watch()
        assert (watch.at, watch.standings, watch.burns) == (None, [], [])

        watch.tick(at(9, "12:15"))
        seen = watch.snapshot
        watch.tick(at(9, "12:16"))

        assert seen is not None
        assert seen.at == at(9, "12:15")
        assert watch.at == at(9, "12:16")
        assert watch.burns[0].alert == "fire"
        asked = program.burns.read(at=at(9, "12:16"))[0]
        assert watch.burns[0].horizons == asked.horizons
        assert watch.standings[0].as_dict() == program.budgets.read(at=at(9, "12:16"))[0].as_dict()


def test_documents_that_are_applied_meanwhile_are_watched(tmp_path: Path) -> None:
    with fed(tmp_path, stories, days=10) as program:
        watch = program.watch()
        watch.tick(at(9, "11:50"))
        program.objectives.apply(document(tmp_path, target="90%"), now=at(9))
        ticked(lambda: watch, at(9, "12:00"), 10)

        assert watch.standings[0].as_dict()["target"] == "90%"
        assert watch.burns[0].alert == "none"


def test_an_alert_whose_objective_is_gone_is_taken_back(tmp_path: Path) -> None:
    with fed(tmp_path, stories, days=10) as program:
        watch = program.watch()
        (fired,) = ticked(lambda: watch, at(9, "12:00"), 15)
        path = document(tmp_path, target="90%")
        path.write_text(path.read_text().replace("availability:", "success:"))
        program.objectives.apply(path, now=at(9))

        (told,) = watch.tick(at(9, "12:16"))

        assert (told.kind, told.objective, told.thread) == (
            "resolved",
            "availability",
            fired.thread,
        )
        assert watch.tick(at(9, "12:17")) == []
        assert ("shop", "availability") not in program.home.alerts.all()


def test_a_target_nobody_configured_keeps_no_other_from_being_told(tmp_path: Path) -> None:
    def route(names: object) -> tuple[str, ...]:
        if "nowhere" in str(names):
            raise Failure("no notification target is called nowhere")
        return ("chat",)

    more = "notify: [nowhere, team]\n"
    with fed(tmp_path, stories, days=10, more=more) as program:
        woken: list[int] = []
        watch = program.watch(route=route, wake=lambda: woken.append(1))
        ticked(lambda: watch, at(9, "12:00"), 15)

        assert [one.address for one in program.home.outbox.due("chat", at(9, "13:00"))] == ["chat"]
        assert woken == [1]


def live(folder: Path, *, minutes: int = 30 * 60) -> Program:
    """A program that heard so many minutes of requests, twenty in each, from a sender."""
    program = Program.open(folder / "home", create=True)
    program.objectives.apply(document(folder), now=START)
    day = {START + minute * MINUTE: (20, 0) for minute in range(minutes)}
    send(program, day)
    return program


def what_comes(minute: int) -> Callable[[datetime], dict[datetime, Minute]]:
    """In time for half an hour, seven minutes late for one, then not at all, then in time again."""
    if minute < 30 or minute >= 130:
        return lambda now: {now: (20, 0)}
    if minute < 60:
        return lambda now: {now - 7 * MINUTE: (20, 0)}
    return lambda _: {}


def test_late_data_and_silence_are_told_and_told_the_same_after_restarts(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    start = START + timedelta(hours=30)
    with live(tmp_path / "a") as one, live(tmp_path / "b") as other:
        watch, told = one.watch(), list[Message]()
        for minute in range(160):
            now = start + minute * MINUTE
            for program in (one, other):
                if news := what_comes(minute)(now):
                    send(program, news)
            told += watch.tick(now + timedelta(seconds=3))
            other.watch().tick(now + timedelta(seconds=3))

        assert other.home.alerts.told() == one.home.alerts.told()
    assert [(f"{m.at - start}"[:4], m.kind, m.level) for m in told] == LATE_AND_SILENT


LATE_AND_SILENT = [
    ("0:34", "fired", "lag"),
    ("1:08", "fired", "silence"),  # as of the data: sixteen minutes after the last of it
    ("2:11", "resolved", "fire"),
    ("2:15", "resolved", "lag"),
]


def test_data_that_is_always_late_still_fires(tmp_path: Path) -> None:
    start = START + timedelta(hours=30)
    with live(tmp_path, minutes=30 * 60 - 30) as program:
        watch, told = program.watch(), list[Message]()
        for minute in range(60):
            now = start + minute * MINUTE
            send(program, {now - 30 * MINUTE: (10, 10) if minute >= 30 else (20, 0)})
            told += watch.tick(now)

    assert [(one.kind, one.level) for one in told] == [("fired", "lag"), ("fired", "fire")]


def test_nobody_is_missed_because_the_watch_itself_was_away(tmp_path: Path) -> None:
    start = START + timedelta(hours=30)
    with live(tmp_path) as program:
        ticked(program.watch, start, 5)
        back = start + timedelta(hours=2)
        told = ticked(program.watch, back, 5)
        for now in (back + minute * MINUTE for minute in range(5, 30)):
            send(program, {now: (20, 0)})
            told += program.watch().tick(now)

    assert [one for one in told if one.level == "silence"] == []


def test_a_watch_runs_until_it_is_stopped(tmp_path: Path) -> None:
    moments = iter(at(9, "12:00") + step * MINUTE for step in range(10_000))
    with fed(tmp_path, stories, days=10) as program:
        watch, stop = program.watch(), Event()
        thread = Thread(
            target=watch.run, args=(stop,), kwargs={"every": 0.001, "now": lambda: next(moments)}
        )
        thread.start()
        while watch.at is None or watch.at < at(9, "12:10"):
            stop.wait(0.01)
        stop.set()
        thread.join()

        assert program.home.alerts.told()[0].kind == "fired"
