"""The whole state, taken along: to PostgreSQL, and from a server that goes on."""

import gzip
import json
import os
import shutil
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from databases import Databases
from errorbudget import clock
from errorbudget.errors import Failure, Untrusted
from errorbudget.program.gate.asking import Question
from errorbudget.program.moving import move_in
from errorbudget.program.program import Program
from errorbudget.store.home import Home
from web.served import PROGRAM, serve

ROW = {"service": "shop", "status": 200, "environment": "production"}


def exported(home: Path, file: Path) -> Path:
    with Program.open(home) as program, file.open("wb") as out:
        out.writelines(program.moving().export())
    return file


def told(program: Program) -> list[object]:
    newest = max(one.budget.as_of for one in program.budgets.read(at=LATE) if one.budget.as_of)
    return [
        [one.as_dict() for one in program.budgets.read(at=newest)],
        [one.as_dict() for one in program.burns.read(at=newest)],
        program.audit.log(0),
        [(each.id, each.name) for each in program.home.tokens.all()],
    ]


LATE = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive(shop_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks of the shop, with a decision and an incident in it."""
    folder = tmp_path_factory.mktemp("archive")
    shutil.copytree(shop_home, folder / "home")
    with Program.open(folder / "home") as program:
        service = program.home.documents.names()[0]
        program.gate.check(Question(service=service, change="c1"), at=LATE, now=LATE)
    return exported(folder / "home", folder / "home.tar")


def test_everything_moves_to_postgresql_and_back_and_goes_on_there(
    tmp_path: Path, archive: Path, postgresql: Databases, monkeypatch: pytest.MonkeyPatch
):
    store = postgresql.new()
    moved = move_in(archive, tmp_path / "there", store)
    back = tmp_path / "back.tar"
    monkeypatch.setenv("ERRORBUDGET_STORE", store)
    with Program.open(tmp_path / "there") as there:
        before = told(there)
        assert moved.entries == there.audit.verify()["entries"]
        back.write_bytes(b"".join(there.moving().export()))
        # Numbers that the database gives go on after those that came along.
        service = there.home.documents.names()[0]
        there.gate.check(Question(service=service, change="c2"), at=LATE, now=LATE)
        assert there.audit.verify()["entries"] > moved.entries
    monkeypatch.delenv("ERRORBUDGET_STORE")

    with Program.open(archive.parent / "home") as here:
        assert told(here) == before
    move_in(back, tmp_path / "again", "")
    with Program.open(tmp_path / "again") as again:
        assert told(again) == before


def test_a_server_is_copied_while_it_takes_requests_in(tmp_path: Path):
    began = clock.now() - timedelta(minutes=10)
    rows = [
        {
            **ROW,
            "time": clock.text(began + timedelta(seconds=n)),
            "status": 500 if n < 3 else 200,
        }
        for n in range(60)
    ]
    environment = os.environ | {"ERRORBUDGET_HOME": str(tmp_path / "home")}
    file = tmp_path / "home.tar"
    with serve(tmp_path / "home") as running:
        running.apply()
        running.send(*rows)
        done = subprocess.run(
            [PROGRAM, "home", "export", file, "--json"],
            env=environment,
            check=True,
            capture_output=True,
        )
        running.send(*[{**row, "route": "/later"} for row in rows])
        running.counted(120, 6)
    assert json.loads(done.stdout)["bytes"] == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600

    move_in(file, tmp_path / "copy", "")
    with Program.open(tmp_path / "copy") as copy:
        (one,) = copy.budgets.read(at=clock.now())
        assert (one.budget.valid, one.budget.bad) == (60, 3)


def test_what_is_there_is_never_overwritten_and_what_is_no_export_is_said(
    tmp_path: Path, archive: Path, postgresql: Databases
):
    store = postgresql.new()
    with Home.open(tmp_path / "used", create=True, store=store) as used:
        used.tokens.make("ci", ["read"], now=LATE)
    for file, path, store_, reason in (
        (archive, tmp_path / "new", store, r"has records already \(token\)"),
        (archive, archive.parent / "home", "", "there is a home already"),
        (tmp_path / "none.tar", tmp_path / "new", "", "there is no such file"),
        (Path(__file__), tmp_path / "new", "", "is no archive that can be read"),
    ):
        with pytest.raises(Failure, match=reason):
            move_in(file, path, store_)
    assert not (tmp_path / "new").exists()


def test_an_export_whose_trail_was_altered_is_refused(tmp_path: Path, archive: Path):
    unpacked = tmp_path / "unpacked"
    subprocess.run(["tar", "-xf", archive, "--one-top-level=unpacked"], cwd=tmp_path, check=True)
    home = unpacked / "errorbudget-home"
    with Home.open(home) as opened, opened.database.writing() as connection:
        connection.exec_driver_sql(
            "update entry set body = cast(replace(cast(body as text), 'c1', 'c9') as blob)"
        )
    subprocess.run(
        ["tar", "-cf", "altered.tar", "-C", unpacked, home.name], cwd=tmp_path, check=True
    )

    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "allowed_signers").touch()
    for path in (tmp_path / "new", tmp_path / "there"):
        with pytest.raises(Untrusted, match="does not verify"):
            move_in(tmp_path / "altered.tar", path, "")
    assert not (tmp_path / "new").exists()
    assert [one.name for one in (tmp_path / "there").iterdir()] == ["allowed_signers"]


def test_the_key_of_another_trail_is_never_overwritten(
    tmp_path: Path, archive: Path, postgresql: Databases
):
    home = tmp_path / "home"
    with Home.open(home, create=True, store=postgresql.new()) as opened:
        opened.trail.append("note", {}, LATE)
    key = (home / "trail.key").read_bytes()

    with pytest.raises(Failure, match="there is a home already"):
        move_in(archive, home, postgresql.new())
    assert (home / "trail.key").read_bytes() == key


def test_an_import_that_is_cut_short_leaves_the_database_empty_for_the_next_try(
    tmp_path: Path, archive: Path, postgresql: Databases
):
    store, home = postgresql.new(), tmp_path / "home"
    cut = tmp_path / "cut.tgz"
    cut.write_bytes(gzip.compress(archive.read_bytes(), 1)[:5000])
    with pytest.raises(Failure, match="is no archive that can be read"):
        move_in(cut, home, store)
    # What is in the way stops it when the whole archive is unpacked and verified.
    more = tmp_path / "more.tar"
    shutil.copy(archive, more)
    with tarfile.open(more, "a") as adding:
        adding.add(__file__, "errorbudget-home/own/kept")
    home.mkdir()
    (home / "own").touch()
    with pytest.raises(Failure, match="cannot be used as a home: File exists"):
        move_in(more, home, store)
    assert [one.name for one in home.iterdir()] == ["own"]

    assert move_in(archive, tmp_path / "again", store).entries


def test_exports_at_once_do_not_disturb_each_other(archive: Path):
    with Program.open(archive.parent / "home") as program, ThreadPoolExecutor(3) as threads:
        made = [threads.submit(lambda: b"".join(program.moving().export())) for _ in range(3)]
        sizes = {len(one.result()) for one in made}
    assert min(sizes) > 100_000
