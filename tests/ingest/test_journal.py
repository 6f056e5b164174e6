"""What is acknowledged is on disk, whatever happens next."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errorbudget.ingest.fingerprints import Fingerprints
from errorbudget.ingest.frame import Batch, encoded
from errorbudget.ingest.journal import Busy, DiskRefused, Journal, JournalLimits, Recovered


def batch(text: str, **fields: str) -> Batch:
    return Batch(feed=fields.pop("feed", "f"), rows=text.encode(), **fields)


def rows(journal: Journal) -> list[str]:
    """Everything that lies in a journal, in order."""
    return [
        segment.path.read_bytes()[frame.start : frame.end].decode()
        for segment in journal.rotate()
        for frame in segment.frames
    ]


def crash(journal: Journal) -> None:
    """Let go of the file without a word, as a killed process does."""
    os.close(journal._file)


def test_what_is_appended_is_there_after_a_crash(tmp_path):
    journal = Journal.open(tmp_path)
    for text in ("a\n", "bb\n", ""):
        assert journal.append(batch(text))
    crash(journal)

    again = Journal.open(tmp_path)
    assert again.recovered == Recovered(batches=3, torn=0)
    assert rows(again) == ["a\n", "bb\n", ""]


def test_senders_that_wait_together_share_a_flush(tmp_path, monkeypatch):
    flushes = 0
    flush = os.fdatasync

    def slow_flush(descriptor: int) -> None:
        nonlocal flushes
        flushes += 1
        threading.Event().wait(0.01)
        flush(descriptor)

    monkeypatch.setattr(os, "fdatasync", slow_flush)
    journal = Journal.open(tmp_path)
    with ThreadPoolExecutor(20) as senders:
        assert all(senders.map(lambda n: journal.append(batch(f"{n}\n")), range(200)))

    assert flushes < 60
    assert sorted(rows(journal)) == sorted(f"{n}\n" for n in range(200))


@settings(deadline=None)  # it waits for the disk
@given(texts=st.lists(st.binary(max_size=40), min_size=1, max_size=5), data=st.data())
def test_a_torn_tail_is_cut_off_and_what_is_before_it_stays(tmp_path_factory, texts, data):
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal.open(folder)
    ends = [0]
    for text in texts:
        journal.append(Batch(feed="f", rows=text))
        ends.append(journal.unloaded)
    crash(journal)
    (segment,) = folder.glob("*.ndjson")
    kept = data.draw(st.integers(0, ends[-1]))
    os.truncate(segment, kept)

    whole = sum(1 for end in ends[1:] if end <= kept)
    again = Journal.open(folder)
    assert again.recovered == Recovered(batches=whole, torn=kept - ends[whole])
    assert segment.stat().st_size == ends[whole]


@settings(deadline=None)
@given(data=st.data())
def test_a_flipped_byte_ends_what_is_believed(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("journal")
    content = [b"".join(encoded(batch(f"row {n}\n"))) for n in range(3)]
    flipped = bytearray(b"".join(content))
    at = data.draw(st.integers(0, len(flipped) - 1))
    flipped[at] ^= data.draw(st.integers(1, 255))
    (folder / "000000000001-aa.ndjson").write_bytes(flipped)

    recovered = Journal.open(folder).recovered.batches
    before = next(n for n in range(3) if at < sum(map(len, content[: n + 1])))
    assert recovered in (before, before + 1)


def test_a_batch_that_comes_again_is_not_written_again(tmp_path):
    journal = Journal.open(tmp_path)
    assert journal.append(batch("a\n", fingerprint="1" * 32))
    assert not journal.append(batch("a\n", fingerprint="1" * 32))
    crash(journal)

    again = Journal.open(tmp_path)
    assert not again.append(batch("a\n", fingerprint="1" * 32))
    (segment,) = again.rotate()
    again.discard(segment)

    once_more = Journal.open(tmp_path)
    assert not once_more.append(batch("a\n", fingerprint="1" * 32))
    assert once_more.append(batch("a\n", fingerprint="2" * 32))


def test_a_journal_that_is_not_loaded_refuses_more(tmp_path):
    journal = Journal.open(tmp_path, JournalLimits(unloaded=1_000, retry_after=3))
    journal.append(batch("x" * 800))

    with pytest.raises(Busy) as raised:
        journal.append(batch("x" * 200, fingerprint="1" * 32))

    assert raised.value.retry_after == 3
    for segment in journal.rotate():
        journal.discard(segment)
    assert journal.append(batch("x" * 200, fingerprint="1" * 32))


def test_a_segment_ends_when_it_is_full(tmp_path):
    journal = Journal.open(tmp_path, JournalLimits(segment=1_000))
    for _ in range(6):
        journal.append(batch("x" * 600))

    assert [len(segment.frames) for segment in journal.rotate()] == [2, 2, 2]


def test_no_batch_is_taken_when_the_disk_is_nearly_full(tmp_path):
    journal = Journal.open(tmp_path, JournalLimits(spare=2**62))

    with pytest.raises(DiskRefused, match="the disk is full"):
        journal.append(batch("a\n"))

    assert list(tmp_path.glob("*.ndjson")) == []


LIMITED = """
import resource, sys
from pathlib import Path
from errorbudget.ingest.frame import Batch
from errorbudget.ingest.journal import DiskRefused, Journal
journal = Journal.open(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
for number in range(300):
    name = str(number)
    try:
        journal.append(Batch(feed="f", rows=name.encode() * 1000, fingerprint=name))
    except DiskRefused as failure:
        print("refused", number, failure.lines[0].rpartition(": ")[2])
        assert journal.append(Batch(feed="f", rows=b"small", fingerprint=name))
    print("acknowledged", number)
"""


def test_a_disk_that_fills_up_in_the_middle_loses_nothing_acknowledged(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path], capture_output=True, text=True, check=True
    )

    lines = [line.split(maxsplit=2) for line in run.stdout.splitlines()]
    refused = [int(number) for word, number, *_ in lines if word == "refused"]
    assert len(refused) > 5
    assert {why for word, _, *told in lines if word == "refused" for why in told} == {
        "the disk is full"
    }
    expected = ["small" if n in refused else str(n) * 1000 for n in range(300)]
    assert rows(Journal.open(tmp_path)) == expected


KILLED = """
import sys, itertools
from pathlib import Path
from errorbudget.ingest.frame import Batch
from errorbudget.ingest.journal import Journal, JournalLimits
journal = Journal.open(Path(sys.argv[1]), JournalLimits(segment=20_000))
for number in itertools.count(int(sys.argv[2])):
    journal.append(Batch(feed="f", rows=b"%d," % number * 50))
    print(number, flush=True)
"""


def test_a_kill_at_any_moment_keeps_every_acknowledged_batch(tmp_path):
    acknowledged = -1
    for pause in (0.05, 0.1, 0.15, 0.2, 0.25):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, tmp_path, str(acknowledged + 1)],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        output = process.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(pause)
        process.kill()
        output += process.communicate()[0]
        acknowledged = int(output[: output.rindex(b"\n")].split()[-1])

        there = {int(text.split(",")[0]) for text in rows(Journal.open(tmp_path))}
        assert there >= set(range(acknowledged + 1))
        acknowledged = max(there)
    assert acknowledged > 100


def test_old_fingerprints_give_way_and_the_file_stays_small(tmp_path):
    path = tmp_path / "known"
    known = Fingerprints(path, remembered=3)
    names = [f"{n:032d}" for n in range(20)]
    for name in names:
        known.add([name])
        known.keep([name])

    assert [name in known for name in names] == [False] * 17 + [True] * 3
    assert len(path.read_text().splitlines()) <= 6
    again = Fingerprints(path, remembered=3)
    assert [name in again for name in names] == [False] * 17 + [True] * 3


def test_a_file_of_fingerprints_that_was_cut_short_still_opens(tmp_path: Path):
    (tmp_path / "known").write_bytes(b"1" * 32 + b"\n" + b"2" * 7 + b"\xff")

    known = Fingerprints(tmp_path / "known")
    assert "1" * 32 in known
    known.keep(["3" * 32])
    assert "3" * 32 in Fingerprints(tmp_path / "known")
