"""How long it takes to verify the hashes of a million entries and the last checkpoint."""

import os
import sqlite3
import tempfile
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from errorbudget.policy.audit import NO_ENTRY, entry_bytes, record_bytes
from errorbudget.policy.checkpoint import Checkpoint
from errorbudget.policy.merkle import Frontier, leaf_hash
from errorbudget.store.home import DATABASE, Home

ENTRIES = int(os.environ.get("BENCH_ENTRIES", "1000000"))
PAGE = 10_000
AT = datetime(2026, 7, 20, tzinfo=UTC)
BODY = {"service": "checkout", "change": "3f2a9c1" * 4, "decision": "allow", "reason": "x" * 180}


def run() -> tuple[str, float, float, str, str]:
    """Seconds; the reference is hashlib alone over the same bytes, one entry after the other."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        home = Path(folder) / "home"
        _write(home)
        with Home.open(home) as opened:
            started, cpu = time.perf_counter(), time.process_time()
            verified = opened.trail.verify_hashes()
            ours, spent = time.perf_counter() - started, time.process_time() - cpu
        if verified.flaw or verified.entries != ENTRIES:
            raise SystemExit(f"the trail does not verify: {verified}")
        bare = _hashed(home)
    note = f"{ENTRIES:,} entries of {_SIZE} bytes; {spent:.1f} s of processor time; limit 5 s"
    return "audit verify --hashes", ours, bare, " s", note


def _write(home: Path) -> None:
    """Chained as the product chains; all but the last unsigned, as nothing reads those."""
    with Home.open(home, create=True) as opened:
        opened.trail.append("note", {}, AT)
        key = opened.trail._key  # pyright: ignore[reportPrivateUsage]
        database = sqlite3.connect(home / DATABASE)
        database.execute("delete from entry")
        frontier, prev, record = Frontier(), NO_ENTRY, record_bytes(at=AT, kind="note", body=BODY)
        for start in range(0, ENTRIES, PAGE):
            rows, leaves = [], []
            for seq in range(start + 1, min(start + PAGE, ENTRIES) + 1):
                body = entry_bytes(record, seq=seq, prev=prev)
                prev = leaf_hash(body)
                leaves.append(prev)
                rows.append((seq, body, prev, b"-"))
            frontier = frontier.extend(leaves)
            database.executemany("insert into entry values (?, ?, ?, ?)", rows)
        claim = Checkpoint(origin=key.verifier.name, size=ENTRIES, root=frontier.root)
        note = key.sign(claim.text).encode()
        database.execute("update entry set checkpoint = ? where seq = ?", (note, ENTRIES))
        database.execute("update head set size = ?, peaks = ?", (ENTRIES, frontier.pack()))
        database.commit()
        database.close()


_SIZE = len(entry_bytes(record_bytes(at=AT, kind="note", body=BODY), seq=ENTRIES, prev=NO_ENTRY))


def _hashed(home: Path) -> float:
    database = sqlite3.connect(home / DATABASE)
    bodies = [b"\x00" + body for (body,) in database.execute("select body from entry")]
    database.close()
    started = time.perf_counter()
    for body in bodies:
        sha256(body).digest()
    return time.perf_counter() - started
