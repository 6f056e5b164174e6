"""The audit trail on disk: appended whole, signed, and verified as stored."""

import base64
import hashlib
import json
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Connection, event, insert, select

from errorbudget.errors import Failure, Untrusted
from errorbudget.policy.audit import record_bytes
from errorbudget.policy.checkpoint import VerifierKey, read_checkpoint
from errorbudget.policy.exported import key_of, verify_exported
from errorbudget.store.database import Database
from errorbudget.store.home import DATABASE, Home
from errorbudget.store.schema import asker
from errorbudget.store.trail import Recorded, Trail, Wish

AT = datetime(2026, 7, 20, 14, 5, tzinfo=UTC)

APPEND_AND_DIE = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from errorbudget.store.home import Home
home = Home.open(Path(sys.argv[1]), create=True)
while True:
    recorded = home.trail.append("decision", {"word": "x"}, datetime(2026, 7, 20, tzinfo=UTC))
    print(recorded.seq, flush=True)
    if recorded.seq == 20:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def written(home: Path, words: list[str]) -> list[str]:
    with Home.open(home, create=True) as opened:
        return [opened.trail.append("decision", {"word": w}, AT).checkpoint for w in words]


def flaw_of(home: Path, kept: tuple[str, ...] = ()) -> int | None:
    """The first entry that does not verify, which the hashes alone find as well."""
    with Home.open(home) as opened:
        flaw, by_hashes = opened.trail.verify(kept).flaw, opened.trail.verify_hashes(kept).flaw
    assert (flaw is None) == (by_hashes is None), (flaw, by_hashes)
    return flaw.seq if flaw else None


def altered(home: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(home / DATABASE) as connection:
        connection.execute(statement, values)
    connection.close()


def test_an_empty_trail_verifies(opened: Home):
    verified = opened.trail.verify()

    assert (verified.entries, verified.flaw) == (0, None)


def test_an_entry_comes_back_with_its_exact_bytes(opened: Home):
    recorded = opened.trail.append("decision", {"reason": "22 % left"}, AT)

    (entry,) = opened.trail.entries()
    assert (entry.seq, entry.leaf, entry.checkpoint) == (1, recorded.leaf, recorded.checkpoint)
    assert entry.fields()["body"] == {"reason": "22 % left"}


def test_a_long_trail_is_read_page_by_page(opened: Home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("errorbudget.store.trail.PAGE", 3)
    for number in range(7):
        opened.trail.append("note", {"number": number}, AT)

    assert [entry.seq for entry in opened.trail.entries()] == [1, 2, 3, 4, 5, 6, 7]
    assert [entry.seq for entry in opened.trail.entries(after=5)] == [6, 7]
    assert opened.trail.verify().flaw is None


def test_a_checkpoint_is_signed_by_the_key_that_the_home_prints(opened: Home):
    opened.trail.append("note", {}, AT)
    recorded = opened.trail.append("note", {}, AT)

    key = VerifierKey.parse(opened.trail.verifier_key)
    checkpoint = read_checkpoint(recorded.checkpoint, key)

    assert (checkpoint.size, checkpoint.root) == (2, opened.trail.verify().root)


def test_the_trail_goes_on_when_the_home_is_opened_again(home: Path):
    first = written(home, ["one", "two"])
    second = written(home, ["three"])

    assert flaw_of(home, (*first, *second)) is None


def test_every_stored_byte_counts(home: Path):
    written(home, ["one", "two"])
    with sqlite3.connect(home / DATABASE) as connection:
        rows = connection.execute("select seq, body, leaf, checkpoint from entry").fetchall()
    connection.close()

    with Home.open(home) as opened:
        raw = opened.database.engine.raw_connection()
        for seq, *fields in rows:
            for column, stored in zip(("body", "leaf", "checkpoint"), fields, strict=True):
                for place in range(0, len(stored), 3):
                    spoilt = bytearray(stored)
                    spoilt[place] ^= 1
                    update = f"update entry set {column} = ? where seq = ?"
                    raw.cursor().execute(update, (bytes(spoilt), seq))
                    flaw = opened.trail.verify().flaw
                    counts = column != "checkpoint" or seq == len(rows)
                    assert (opened.trail.verify_hashes().flaw is not None) == counts
                    raw.cursor().execute(update, (stored, seq))
                    assert flaw is not None
                    assert flaw.seq == seq
        raw.close()
        assert opened.trail.verify().flaw is None


def test_a_removed_entry_is_named(home: Path):
    written(home, ["one", "two", "three"])
    altered(home, "delete from entry where seq = 2")

    assert flaw_of(home) == 2


def test_a_cut_trail_is_found_by_its_own_head(home: Path):
    written(home, ["one", "two", "three"])
    altered(home, "delete from entry where seq = 3")

    assert flaw_of(home) == 3
    with Home.open(home) as opened, pytest.raises(Untrusted, match="audit verify"):
        opened.trail.append("note", {}, AT)


def test_a_home_put_back_from_a_copy_is_found_by_a_later_checkpoint(home: Path):
    written(home, ["one"])
    copy = (home / DATABASE).read_bytes()
    (later,) = written(home, ["two"])
    (home / DATABASE).write_bytes(copy)

    assert flaw_of(home) is None
    assert flaw_of(home, (later,)) == 2


def test_the_head_is_checked_too(home: Path):
    written(home, ["one", "two"])
    altered(home, "update head set peaks = ?", bytes(32))

    assert flaw_of(home) == 3


def test_a_head_of_the_wrong_shape_is_untrusted(home: Path):
    written(home, ["one", "two"])
    altered(home, "update head set peaks = ?", b"short")

    with pytest.raises(Untrusted, match="does not fit its size"):
        flaw_of(home)


def test_without_its_key_a_trail_with_entries_takes_no_more(home: Path):
    written(home, ["one"])
    (home / "trail.key").unlink()

    with pytest.raises(Untrusted, match="key is gone"):
        written(home, ["two"])


@pytest.mark.parametrize("place", [0, 20, -3])
def test_a_key_file_that_was_altered_is_refused(home: Path, place: int):
    written(home, ["one"])
    key = bytearray((home / "trail.key").read_bytes())
    key[place] ^= 1
    (home / "trail.key").write_bytes(key)

    with pytest.raises(Untrusted, match="not the trail's key"):
        written(home, ["two"])


def test_another_key_finds_every_entry_wrong(home: Path, tmp_path: Path):
    written(home, ["one"])
    written(tmp_path / "other", ["one"])
    (home / "trail.key").write_bytes((tmp_path / "other" / "trail.key").read_bytes())

    assert flaw_of(home) == 1


def test_an_entry_that_was_acknowledged_survives_a_kill(home: Path):
    command = [sys.executable, "-c", APPEND_AND_DIE, str(home)]
    told = subprocess.run(command, check=False, capture_output=True, text=True).stdout.split()

    with Home.open(home) as opened:
        verified = opened.trail.verify()

    assert told[-1] == "20"
    assert (verified.entries, verified.flaw) == (20, None)


def test_a_number_that_is_none_leaves_no_entry(opened: Home):
    with pytest.raises(ValueError, match="JSON compliant"):
        opened.trail.append("decision", {"rate": float("inf")}, AT)

    assert opened.trail.size() == 0


def root_as_documented(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    left, right = root_as_documented(leaves[:half]), root_as_documented(leaves[half:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def test_a_reader_of_the_written_format_comes_to_the_same_hashes(home: Path):
    """Checks docs/audit-trail.md with the standard library and nothing of this program."""
    written(home, [f"word {number}" for number in range(11)])
    with sqlite3.connect(home / DATABASE) as connection:
        rows = connection.execute("select body, checkpoint from entry order by seq").fetchall()
    connection.close()

    leaves: list[bytes] = []
    for number, (body, checkpoint) in enumerate(rows, start=1):
        fields = json.loads(body)
        assert fields["seq"] == number
        assert fields["prev"] == (leaves[-1].hex() if leaves else "0" * 64)
        leaves.append(hashlib.sha256(b"\x00" + body).digest())
        _origin, size, root = checkpoint.decode().splitlines()[:3]
        assert int(size) == number
        assert base64.b64decode(root) == root_as_documented(leaves)


def test_entries_of_many_threads_are_chained_and_each_is_told_its_own(opened: Home):
    def written(number: int) -> tuple[int, int]:
        return number, opened.trail.append("note", {"number": number}, AT).seq

    with ThreadPoolExecutor(16) as threads:
        told = dict(threads.map(written, range(200)))

    assert sorted(told.values()) == list(range(1, 201))
    found = {entry.seq: entry.fields()["body"]["number"] for entry in opened.trail.entries()}
    assert {number: seq for seq, number in found.items()} == told
    assert opened.trail.verify().flaw is None


def test_entries_that_wait_are_written_in_one_transaction(opened: Home):
    threads = [
        Thread(target=opened.trail.append, args=("note", {"number": number}, AT))
        for number in range(8)
    ]
    transactions = list[object]()
    event.listen(opened.database.engine, "commit", transactions.append)
    with opened.database.writing():
        for thread in threads:
            thread.start()
        waiting = opened.trail._waiting  # pyright: ignore[reportPrivateUsage]
        while len(waiting) < 7:  # the first of them holds the others' turn
            time.sleep(0.001)
    for thread in threads:
        thread.join()

    assert opened.trail.size() == 8
    assert len(transactions) <= 3  # ours, the first one's, and all the others'


def test_what_keeps_entries_from_being_written_is_told_to_each(home: Path):
    written(home, ["one", "two"])
    altered(home, "delete from entry where seq = 2")

    def refused(opened: Home) -> bool:
        with pytest.raises(Untrusted, match="audit verify"):
            opened.trail.append("note", {}, AT)
        return True

    with Home.open(home) as opened, ThreadPoolExecutor(8) as threads:
        assert all(threads.map(refused, [opened] * 20))
        assert opened.trail.size() == 2


class Once(Wish):
    """An entry that is wanted by a name, and only once by each."""

    def __init__(self, trail: Trail, name: str) -> None:
        self.trail, self.name = trail, name
        self.seq: int | None = None

    def want(self) -> None:
        self.trail.grant(self)

    def record(self, connection: Connection) -> bytes | None:
        known = connection.execute(select(asker).where(asker.c.digest == self.name)).first()
        return None if known else record_bytes(at=AT, kind="note", body={"name": self.name})

    def write(self, connection: Connection, recorded: Recorded | None) -> None:
        if recorded:
            self.seq = recorded.seq
            connection.execute(insert(asker).values(digest=self.name, person=""))


def test_two_processes_that_want_one_entry_at_once_get_one(opened: Home, store: str):
    file = opened.path / DATABASE
    other = Database.postgresql(store) if store else Database.sqlite(file)
    opened.trail.append("note", {}, AT)
    trails = (opened.trail, Trail(other, opened.path / "trail.key"))
    wishes = [Once(trails[number % 2], "c1") for number in range(16)]

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(Once.want, wishes))

    assert [wish.seq for wish in wishes if wish.seq] == [2]
    assert opened.trail.verify().flaw is None
    other.close()


def test_what_cannot_be_written_keeps_nothing_else_from_being_written(opened: Home):
    class Broken(Once):
        def write(self, connection: Connection, recorded: Recorded | None) -> None:
            super().write(connection, recorded)
            raise LookupError("no room for it")

    names = ("a", "b", "a", "c")
    wishes = [(Broken if name == "b" else Once)(opened.trail, name) for name in names]
    opened.trail.grant_all(wishes)

    assert [wish.seq if not wish.failure else str(wish.failure) for wish in wishes] == [
        1,
        "no room for it",
        None,
        2,
    ]
    assert opened.trail.verify().entries == 2


def test_an_entry_of_anothers_transaction_is_there_with_the_rest_or_not_at_all(opened: Home):
    def tried() -> None:
        with opened.database.writing() as connection:
            opened.trail.append_with(connection, "alert", {"level": "fire"}, AT)
            raise LookupError

    with pytest.raises(LookupError):
        tried()
    assert opened.trail.size() == 0

    with opened.database.writing() as connection:
        opened.trail.append_with(connection, "alert", {"level": "fire"}, AT)
    assert opened.trail.size() == 1


def test_an_empty_trail_has_nothing_to_export(opened: Home):
    with pytest.raises(Failure, match="trail is empty"):
        opened.trail.export()


def test_what_is_appended_while_a_trail_is_verified_or_exported_does_not_matter(opened: Home):
    for _ in range(3):
        opened.trail.append("note", {}, AT)
    lines = opened.trail.export()
    begun = [next(lines), next(lines), next(lines)]
    opened.trail.append("note", {}, AT)
    copy = iter(b"".join([*begun, *lines]).splitlines(keepends=True))

    verified = verify_exported(copy, key=key_of(copy))

    assert (verified.entries, verified.flaw) == (3, None)
