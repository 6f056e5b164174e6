"""Opening a home: who may, how fast, and what it leaves alone."""

import json
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from errorbudget import clock
from errorbudget.errors import Failure, HomeBusy, Kind
from errorbudget.store.home import DATABASE, Home

HOLD = """
import sys
from pathlib import Path
from errorbudget.store.home import Home
with Home.open(Path(sys.argv[1]), create=True):
    print("held", flush=True)
    sys.stdin.read()
"""

LOADED = """
import json, sys
from pathlib import Path
from errorbudget.store.home import Home
with Home.open(Path(sys.argv[1])) as home:
    home.documents.names()
print(json.dumps([name for name in ("alembic", "cryptography", "duckdb") if name in sys.modules]))
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_missing_home_is_a_usage_failure_and_stays_missing(home: Path):
    with pytest.raises(Failure) as refused:
        Home.open(home)

    assert refused.value.kind is Kind.USAGE
    assert "errorbudget ingest FILE" in str(refused.value)
    assert not home.exists()


def test_a_folder_that_is_no_home_is_left_as_it_was(home: Path):
    home.mkdir()

    with pytest.raises(Failure, match="there is no home here"):
        Home.open(home)

    assert list(home.iterdir()) == []


def test_a_file_in_the_homes_place_is_a_usage_failure(home: Path):
    home.write_text("mine")

    with pytest.raises(Failure, match="cannot be used as a home"):
        Home.open(home, create=True)

    assert home.read_text() == "mine"


def test_a_new_home_is_for_its_owner_alone(home: Path):
    with Home.open(home, create=True) as opened:
        opened.trail.append("note", {}, clock.now())
        modes = {path.name: mode(path) for path in home.iterdir()}

    assert mode(home) == 0o700
    assert set(modes.values()) == {0o600}
    assert {"lock", DATABASE, f"{DATABASE}-wal", "trail.key"} <= set(modes)


def test_what_else_lies_in_the_folder_is_left_alone(home: Path):
    home.mkdir()
    (home / "allowed_signers").write_text("ana ssh-ed25519 AAAA")

    Home.open(home, create=True).close()

    assert (home / "allowed_signers").read_text() == "ana ssh-ed25519 AAAA"


def test_a_second_process_is_told_whom_it_waited_for(home: Path):
    command = [sys.executable, "-c", HOLD, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        started = time.monotonic()

        with pytest.raises(HomeBusy) as refused:
            Home.open(home, wait=0.2)
        waited = time.monotonic() - started
        holder.communicate(b"")

    assert f"process {holder.pid} (-c {home}" in str(refused.value)
    assert 0.2 <= waited < 5


def test_a_waiting_process_gets_the_home_when_it_is_let_go(home: Path):
    command = [sys.executable, "-c", HOLD, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        holder.stdout.readline()
        holder.stdin.close()

        Home.open(home, wait=30).close()


def test_a_killed_holder_leaves_the_home_free(home: Path):
    command = [sys.executable, "-c", HOLD, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()

    Home.open(home, wait=0).close()


def test_opening_an_up_to_date_home_loads_neither_alembic_nor_cryptography(home: Path):
    Home.open(home, create=True).close()

    command = [sys.executable, "-c", LOADED, str(home)]
    loaded = subprocess.run(command, check=True, capture_output=True).stdout

    assert json.loads(loaded) == []


def test_a_file_that_is_no_database_is_a_failure_with_a_way_out(home: Path):
    home.mkdir()
    (home / DATABASE).write_text("not a database, " * 100)

    with pytest.raises(Failure, match="not an errorbudget database"):
        Home.open(home)
