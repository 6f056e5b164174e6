"""A version that appears in the traffic is a change, though nobody told of it."""

from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from databases import Databases
from errorbudget.change import Change, Origin
from errorbudget.program.program import Program
from program.traffic import START, at


def served(program: Program, folder: Path, *rows: tuple[float, str], environment: str = "") -> None:
    """Take in a request of each version, so many minutes after the start."""
    file = folder / f"{len(list(folder.iterdir()))}.ndjson"
    file.write_bytes(
        b"\n".join(
            orjson.dumps(
                {
                    "time": (START + timedelta(minutes=minutes)).isoformat(),
                    "service": "shop",
                    "version": version,
                    "environment": environment,
                }
            )
            for minutes, version in rows
        )
    )
    program.requests.ingest(file)


def recorded(program: Program) -> list[tuple[str, str, Origin]]:
    return [(one.version, one.environment, one.origin) for one in program.home.changes.list("shop")]


def test_a_new_version_is_a_deploy_when_its_first_request_came(tmp_path: Path) -> None:
    with Program.open(tmp_path / "home", create=True) as program:
        served(program, tmp_path, (0, "1"), (1, ""), (5, "2"), (6, "1"), (7, "2"))

        (change,) = program.home.changes.list("shop")

    assert change == Change(
        id="shop@2",
        service="shop",
        version="2",
        started_at=at(0, "00:05"),
        origin=Origin.TRAFFIC,
    )


def test_the_version_that_a_service_begins_with_is_no_change(tmp_path: Path) -> None:
    with Program.open(tmp_path / "home", create=True) as program:
        served(program, tmp_path, (0, "1"), environment="production")
        served(program, tmp_path, (9, "2"), environment="staging")

        assert recorded(program) == []


def test_a_version_is_a_change_once_however_often_it_is_seen(tmp_path: Path) -> None:
    with Program.open(tmp_path / "home", create=True) as program:
        served(program, tmp_path, (0, "1"), (5, "2"))
    with Program.open(tmp_path / "home") as program:
        served(program, tmp_path, (8, "2"), (9, "1"), (10, "3"))

        assert [version for version, _, _ in recorded(program)] == ["2", "3"]


def test_what_was_told_of_is_not_recorded_again(tmp_path: Path) -> None:
    with Program.open(tmp_path / "home", create=True) as program:
        told = Change(id="d1", service="shop", version="2", started_at=START)
        program.changes.record(told, now=START)
        served(program, tmp_path, (0, "1"), (5, "2"), environment="production")

        assert program.home.changes.list("shop") == [told]


def test_a_deploy_that_is_told_of_later_takes_the_place_of_what_was_seen(tmp_path: Path) -> None:
    with Program.open(tmp_path / "home", create=True) as program:
        served(program, tmp_path, (0, "1"), (5, "2"), environment="production")
        served(program, tmp_path, (0, "1"), (5, "2"), environment="staging")
        told = Change(
            id="d1", service="shop", version="2", environment="production", started_at=START
        )
        program.changes.record(told, now=START)

        assert recorded(program) == [
            ("2", "production", Origin.TOLD),
            ("2", "staging", Origin.TRAFFIC),
        ]


def test_a_watch_recognises_what_was_loaded_behind_its_back(tmp_path: Path) -> None:
    with Program.open(tmp_path / "home", create=True) as program:
        served(program, tmp_path, (0, "1"))
        watch = program.watch()
        watch.tick(at(0, "00:10"))
        program.warehouse.connection.execute(
            "create temp table staged_requests as select 1 as line, * replace"
            " ('2' as version, time + interval 9 minute as time) from"
            " (select * exclude (batch, line, minute) from requests)"
        )
        from errorbudget.request import Receipt

        program.warehouse.add_requests(Receipt(feed="otlp", key="k", position=0, line=0))

        watch.tick(at(0, "00:11"))

        assert recorded(program) == [("2", "", Origin.TRAFFIC)]


def test_a_name_that_the_store_cannot_hold_is_no_version_and_stops_nobody(
    tmp_path: Path, postgresql: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERRORBUDGET_STORE", postgresql.new())
    with Program.open(tmp_path / "home", create=True) as program:
        served(program, tmp_path, (0, "1"), (5, "1\0"), (6, "2"))

        assert recorded(program) == [("2", "", Origin.TRAFFIC)]
        # Whoever asks with one is answered like any other stranger.
        assert program.home.changes.list("sh\0op") == []
