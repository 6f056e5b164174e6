"""How well a burn's context names its onset, its change and its log lines, on real data.

Onset and changes: latency burns of the Train Ticket benchmark, with true and decoy deploys placed
here. Log lines: grouping of labelled lines (loghub), the rank of the telling statement (Nezha), and
lines a second.
"""

import csv
import gzip
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from errorbudget.burn import correlation, log_patterns
from errorbudget.burn.correlation import Candidate, Series
from errorbudget.burn.log_patterns import Exposure, Records, Templates
from errorbudget.burn.onset import Onset, onset
from errorbudget.change import Change
from errorbudget.ledger.window import minute_floor

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
MINUTE = timedelta(minutes=1)
Row = tuple[str, float, float, str, str]

SLOW_MS = 1000
LOOKBACK, AFTER = 180, 8
"""Minutes before a fault in which its onset is sought, and after it that are known."""
DECOYS = 6
DRAWS = 40


def run() -> list[Row]:
    """Every row: what, ours, reference, unit, and what the reference is."""
    csv.field_size_limit(2**31)
    return [*_onsets(), *_changes(), *_grouping(), *_handoff(), *_speed()]


def _onsets() -> Iterator[Row]:
    counted = _slow_by_minute()
    errors, naive, found = list[float](), list[float](), 0
    for at in _faults("train-ticket"):
        began, series = _sought(counted, at)
        if began is not None:
            found += 1
            errors.append(abs((began.at - at) / timedelta(seconds=1)))
        first = series.bad[LOOKBACK - 10 :] > series.bad[:LOOKBACK].mean() * 3
        late = int(np.argmax(first)) - 10 if first.any() else AFTER
        naive.append(abs(late * 60.0))
    total = len(_faults("train-ticket"))
    note = f"median; told for {found} of {total} faults; reference: first minute at 3x the mean"
    yield (
        "onset: error on train-ticket",
        float(np.median(errors)),
        float(np.median(naive)),
        "s",
        note,
    )


def _changes() -> Iterator[Row]:
    rng = np.random.default_rng(20)
    counted = _slow_by_minute()
    first = chosen = right = nearest = 0
    cases = 0
    for at in _faults("train-ticket"):
        began, series = _sought(counted, at)
        for _ in range(DRAWS):
            cases += 1
            decoys = [_deploy(at, apart, n) for n, apart in enumerate(_apart(rng))]
            true = _deploy(at, float(rng.uniform(-2, 0)), DECOYS)
            with_true = correlation.correlate(
                [Candidate(change=one) for one in (*decoys, true)], began, series
            )
            first += with_true[0].change is true
            chosen += with_true[0].change is true and with_true[0].fits
            without = correlation.correlate(
                [Candidate(change=one) for one in decoys], began, series
            )
            right += not any(one.fits for one in without)
            end = at + AFTER * MINUTE
            known = [one for one in (*decoys, true) if one.started_at <= end]
            nearest += max(known, key=lambda one: one.started_at) is true
    note = f"{DECOYS} decoys within 3 h; reference: the latest deploy before the alert"
    yield "deploys: the true one first", 100 * first / cases, 100 * nearest / cases, "%", note
    note = "and said to fit; the reference is always"
    yield "deploys: the true one first and fits", 100 * chosen / cases, 100.0, "%", note
    note = "decoys only, of which one may lie at the onset by chance; the reference is always"
    yield "deploys: none fits, rightly", 100 * right / cases, 100.0, "%", note


def _apart(rng: np.random.Generator) -> list[float]:
    """Minutes from the fault to each decoy, none within ten minutes of it."""
    far = rng.uniform(10, 180, DECOYS)
    late = rng.random(DECOYS) < 0.1
    return np.where(late, rng.uniform(1, AFTER, DECOYS) + 2, -far).tolist()


def _deploy(at: datetime, apart: float, number: int) -> Change:
    began = at + apart * MINUTE
    return Change(
        id=f"deploy-{number}",
        service="gateway",
        version=str(number),
        started_at=began,
        finished_at=began + 3 * MINUTE,
    )


def _sought(
    counted: tuple[int, np.ndarray, np.ndarray], at: datetime
) -> tuple[Onset | None, Series]:
    """The onset as the program seeks it when asked for the minutes after a fault."""
    origin, valid, bad = counted
    start = minute_floor(at) - LOOKBACK
    seen = slice(max(start - origin, 0), start - origin + LOOKBACK + AFTER)
    series = Series(start=origin + seen.start, valid=valid[seen], bad=bad[seen])
    moment = datetime.fromtimestamp(series.start * 60, UTC)
    began = onset(moment, MINUTE, series.valid, series.bad, since=at, sure=True)
    return began, series


def _slow_by_minute() -> tuple[int, np.ndarray, np.ndarray]:
    with gzip.open(DATA / "train-ticket" / "requests.csv.gz", "rt", newline="") as file:
        rows = [
            (int(row["time_unix_ms"]), float(row["duration_ms"])) for row in csv.DictReader(file)
        ]
    minute = np.array([at // 60_000 for at, _ in rows])
    slow = np.array([took > SLOW_MS for _, took in rows])
    origin = int(minute.min())
    return origin, np.bincount(minute - origin), np.bincount(minute - origin, slow).astype(np.int64)


def _faults(of: str) -> list[datetime]:
    return [datetime.fromisoformat(f"{one['inject_time']}+00:00") for one in _labels(of)]


def _labels(of: str) -> list[dict[str, Any]]:
    return json.loads((DATA / of / "faults.json").read_text(encoding="utf-8"))


def _grouping() -> Iterator[Row]:
    ours, plain = list[float](), list[float]()
    for path in sorted((DATA / "loghub").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        lines, labels = [row["Content"] for row in rows], [row["EventId"] for row in rows]
        mined = Templates()
        mined.of(lines)
        ours.append(_accuracy(mined.of(lines), labels))
        plain.append(_accuracy(_drained(lines), labels))
    note = "mean of 6 sets; reference: the same miner with its own settings and masks"
    yield "templates: grouping accuracy", float(np.mean(ours)), float(np.mean(plain)), "", note


def _drained(lines: Sequence[str]) -> list[str]:
    import logfold

    miner = logfold.Miner(examples="none")
    miner.add_many(lines)
    return [match.id if match else "" for match in miner.match_many(lines)]


def _accuracy(keys: Sequence[str], labels: Sequence[str]) -> float:
    """The share of lines whose group is exactly a labelled one."""
    by_key, by_label = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    for number, (key, label) in enumerate(zip(keys, labels, strict=True)):
        by_key[key].add(number)
        by_label[label].add(number)
    true = {frozenset(group) for group in by_label.values()}
    return sum(len(group) for group in by_key.values() if frozenset(group) in true) / len(labels)


def _handoff() -> Iterator[Row]:
    ours, naive = list[int | None](), list[int | None]()
    rows = _log_rows()
    for fault, at in zip(_labels("log-handoff"), _faults("log-handoff"), strict=True):
        wanted = fault["expected_statement"].split("_")
        moment = at.timestamp()
        before = [row for row in rows if moment - 3600 <= row[0] < moment]
        during = [row for row in rows if moment <= row[0] < moment + 300]
        told = log_patterns.patterns([_records(before, during)], _exposed(before, during), most=99)
        ours.append(_rank([one.template for one in told], wanted))
        frequent = Counter(message for _, _, message in _templated(during))
        naive.append(_rank([text for text, _ in frequent.most_common(99)], wanted))
    for most in (1, 3, 5):
        note = f"of {len(ours)} faults; reference: the most frequent templates"
        what = f"hand-off: the statement among the first {most}"
        yield what, _among(ours, most), _among(naive, most), "", note


def _among(ranks: Sequence[int | None], most: int) -> float:
    return float(sum(rank is not None and rank <= most for rank in ranks))


def _rank(texts: Sequence[str], wanted: Sequence[str]) -> int | None:
    """The place of the first text that is of a wanted line of code."""
    hits = (
        place for place, text in enumerate(texts, 1) if any(f"{one} " in text for one in wanted)
    )
    return next(hits, None)


def _log_rows() -> list[tuple[float, str, str]]:
    with gzip.open(DATA / "log-handoff" / "logs.csv.gz", "rt", newline="") as file:
        rows = [
            (int(row["time_unix_nano"]) / 1e9, row["trace_id"], row["message"])
            for row in csv.DictReader(file)
        ]
    return sorted(rows)


def _records(before: Sequence[Any], during: Sequence[Any]) -> Records:
    rows = [*before, *during]
    return Records(
        message=[row[2] for row in rows],
        template=[None] * len(rows),
        of=[0] * len(before) + [1] * len(during),
        trace_id=[row[1] for row in rows],
        is_error=[False] * len(rows),
    )


def _exposed(before: Sequence[Any], during: Sequence[Any]) -> Exposure:
    traces = (len({row[1] for row in rows}) for rows in (before, during))
    earlier, now = traces
    return Exposure(before=earlier, burn=now, good=0, bad=0)


def _templated(rows: Sequence[Any]) -> list[tuple[float, str, str]]:
    mined = Templates()
    keys = mined.of([row[2] for row in rows])
    texts = mined.texts()
    return [(row[0], row[1], texts[key]) for row, key in zip(rows, keys, strict=True)]


def _speed() -> Iterator[Row]:
    short = [
        f"order {7_000_000 + n} paid in {n % 900} ms by tenant t-{n % 120}" for n in range(200_000)
    ]
    long = [row[2] for row in _log_rows()]
    for name, lines in (("60 characters", short), ("440 characters", long)):
        records = Records(
            message=lines,
            template=[None] * len(lines),
            of=[n % 2 for n in range(len(lines))],
            trace_id=[f"{n:x}" for n in range(len(lines))],
            is_error=[False] * len(lines),
        )
        started = time.process_time()
        log_patterns.patterns([records], Exposure(before=1, burn=1, good=0, bad=0))
        note = "of a processor's own time; the reference is the limit"
        rate = len(lines) / (time.process_time() - started) / 1000
        yield f"log patterns: lines of {name}", rate, 200.0, "k/s", note
