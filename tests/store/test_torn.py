"""A write that a crash left unfinished: dropped, noticed, and in the trail."""

import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from errorbudget.store.home import DATABASE, Home

AT = datetime(2026, 7, 20, 14, 5, tzinfo=UTC)
LOG = f"{DATABASE}-wal"
FRAME = 24 + 4096

APPEND_AND_DIE = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from errorbudget.store.home import Home
home = Home.open(Path(sys.argv[1]), create=True)
for number in range(4):
    told = home.trail.append("decision", {"n": number}, datetime(2026, 7, 20, tzinfo=UTC))
    (Path(sys.argv[1]).parent / f"note-{told.seq}").write_text(told.checkpoint)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that a killed process left, with four acknowledged entries."""
    home = tmp_path_factory.mktemp("killed") / "home"
    command = [sys.executable, "-c", APPEND_AND_DIE, str(home)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    return home


def left(killed: Path, folder: Path, length: int) -> Path:
    """The same home on a disk that kept only so much of the log."""
    home = folder / f"home-{length}"
    shutil.copytree(killed, home)
    with (home / LOG).open("r+b") as log:
        log.truncate(length)
    return home


def kinds(home: Path) -> tuple[list[str], int]:
    """What the trail holds once it is opened again, and the bytes that it says were torn."""
    with Home.open(home, create=True) as opened:
        assert opened.trail.verify().flaw is None
        entries = [entry.fields() for entry in opened.trail.entries()]
    torn = sum(one["body"]["torn_bytes"] for one in entries if one["kind"] == "recovery")
    return [one["kind"] for one in entries], torn


def test_a_kill_between_writes_loses_nothing_and_says_nothing(killed: Path, tmp_path: Path):
    home = left(killed, tmp_path, (killed / LOG).stat().st_size)

    assert kinds(home) == (["decision"] * 4, 0)


def test_a_log_torn_within_a_frame_is_cut_back_and_recorded_once(killed: Path, tmp_path: Path):
    size = (killed / LOG).stat().st_size
    home = left(killed, tmp_path, size - 100)

    found, torn = kinds(home)

    assert found == ["decision"] * 3 + ["recovery"]
    assert torn % FRAME == FRAME - 100
    assert kinds(home) == (found, torn)


def test_wherever_the_log_is_torn_the_rest_verifies_and_later_checkpoints_tell(
    killed: Path, tmp_path: Path
):
    notes = [(killed.parent / f"note-{number}").read_text() for number in range(1, 5)]
    size = (killed / LOG).stat().st_size
    for length in range(size, size - 24 * FRAME, -FRAME // 3):
        home = left(killed, tmp_path, length)
        found, torn = kinds(home)
        decisions = found.count("decision")
        assert found == ["decision"] * decisions + ["recovery"] * bool(torn)
        assert bool(torn) or (length - 32) % FRAME == 0
        with Home.open(home) as opened:
            for number, note in enumerate(notes, start=1):
                lost = opened.trail.verify([note]).flaw is not None
                assert lost == (number > decisions)
        shutil.rmtree(home)


def test_bytes_that_the_disk_spoilt_count_as_torn(killed: Path, tmp_path: Path):
    home = left(killed, tmp_path, (killed / LOG).stat().st_size)
    with (home / LOG).open("r+b") as log:
        log.seek(-10, 2)
        log.write(b"spoilt")

    found, torn = kinds(home)

    assert found == ["decision"] * 3 + ["recovery"]
    assert torn >= FRAME


def test_a_home_that_was_closed_well_has_nothing_to_recover(home: Path):
    for _ in range(3):
        with Home.open(home, create=True) as opened:
            opened.trail.append("note", {}, AT)

    assert kinds(home) == (["note"] * 3, 0)


def test_what_is_committed_is_flushed_to_the_disk_before_it_is_told(home: Path):
    with Home.open(home, create=True) as opened, opened.database.writing() as connection:
        journal = connection.exec_driver_sql("pragma journal_mode").scalar()
        synchronous = connection.exec_driver_sql("pragma synchronous").scalar()

    assert (journal, synchronous) == ("wal", 2)
