"""How well a burn's context names its onset, its change and its log lines, on real data.

Onset and changes: latency burns of the Train Ticket benchmark, with true and decoy deploys placed
here, and bursts of the simulated shop, with decoys beside its own. Log lines: grouping of labelled
lines (loghub), the rank of the telling statement (Nezha), and lines a second.
"""

import csv
import gzip
import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from errorbudget.burn import correlation, log_patterns
from errorbudget.burn.correlation import Candidate, Coincidence, Series
from errorbudget.burn.log_patterns import Exposure, Records, Templates
from errorbudget.burn.onset import Onset, onset
from errorbudget.change import Change
from errorbudget.ledger.window import minute_floor
from errorbudget.program.explaining.explaining import Explaining
from errorbudget.program.program import Program
from errorbudget.shop import Shop, generate
from errorbudget.store.changes import Changes

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
MINUTE = timedelta(minutes=1)
Row = tuple[str, float, float, str, str]

SLOW_MS = 1000
LOOKBACK, AFTER = 180, 8
"""Minutes before a fault in which its onset is sought, and after it that are known."""
DECOYS = 6
DRAWS = 40
SHOP_DRAWS = 6
BURSTS = ("eur-rounding", "provider-outage", "voucher-scan", "tenant-flood", "crowd")


def run() -> list[Row]:
    """Every row: what, ours, reference, unit, and what the reference is."""
    csv.field_size_limit(2**31)
    return [*_onsets(), *_changes(), *_shop(), *_grouping(), *_handoff(), *_speed()]


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


class Score:
    """How often the true deploy, or none, was told among decoys; beside the latest one."""

    def __init__(self) -> None:
        self.cases = self.first = self.fits = self.latest = 0
        self.quiet = self.none = 0

    def with_true(
        self, told: Sequence[Coincidence], true: Change, known: Sequence[Change], at: datetime
    ) -> None:
        """A burn that began at a moment, with the deploy it began with among those known."""
        self.cases += 1
        self.first += bool(told) and told[0].change == true
        self.fits += bool(told) and told[0].change == true and told[0].fits
        before = [one for one in known if one.started_at <= at]
        self.latest += max(before, key=lambda one: one.started_at) == true

    def without(self, told: Sequence[Coincidence]) -> None:
        """A burn that began with no deploy."""
        self.quiet += 1
        self.none += not any(one.fits for one in told)

    def rows(self, of: str) -> Iterator[Row]:
        """What, ours, reference, unit and note."""
        first, fits, latest = (100 * n / self.cases for n in (self.first, self.fits, self.latest))
        note = f"{DECOYS} decoys within 3 h, one within 10 minutes; reference: the latest before it"
        yield f"deploys of {of}: the true one first", first, latest, "%", note
        yield f"deploys of {of}: first, and said to fit", fits, latest, "%", "the same"
        note = "decoys only; the reference, the latest deploy, always blames one"
        yield f"deploys of {of}: none fits, rightly", 100 * self.none / self.quiet, 0.0, "%", note


def _changes() -> Iterator[Row]:
    rng, score = np.random.default_rng(20), Score()
    counted = _slow_by_minute()
    for at in _faults("train-ticket"):
        began, series = _sought(counted, at)
        for _ in range(DRAWS):
            decoys = [_deploy(at, apart, n) for n, apart in enumerate(_apart(rng))]
            true = _deploy(at, float(rng.uniform(-2, 0)), DECOYS)
            told = correlation.correlate(
                [Candidate(change=one) for one in (*decoys, true)], began, series
            )
            score.with_true(told, true, [*decoys, true], at)
            candidates = [Candidate(change=one) for one in decoys]
            score.without(correlation.correlate(candidates, began, series))
    yield from score.rows("train-ticket")


class Recorded(Changes):
    """Recorded changes that are these."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._these = changes

    def list(
        self,
        service: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Change]:
        """As the store has them."""
        mine = [one for one in self._these if service in (None, one.service)]
        mine = [one for one in mine if since is None or one.started_at >= since]
        return [one for one in mine if until is None or one.started_at < until]


def _shop() -> Iterator[Row]:
    """The simulated shop's bursts, explained as of twenty minutes after each began."""
    rng, score = np.random.default_rng(21), Score()
    with tempfile.TemporaryDirectory() as folder, _open_shop(Path(folder)) as (program, shop):
        real = [one.change for one in shop.changes]
        for event in shop.truth["events"]:
            at = datetime.fromisoformat(event["from"])
            if event["name"] not in BURSTS:
                continue
            for _ in range(SHOP_DRAWS):
                apart = _apart(rng)
                decoys = [_deploy(at, far, n, event["service"]) for n, far in enumerate(apart)]
                explaining = Explaining(
                    program.warehouse, program.budgets, Recorded([*real, *decoys])
                )
                until = at + 20 * MINUTE
                told = explaining.explain(event["service"], "availability", at=until).changes
                true = next((one for one in real if one.id == event["change"]), None)
                if true is None:
                    score.without(told)
                else:
                    score.with_true(told, true, [*decoys, true], true.finished_at or at)
    yield from score.rows("the shop")


@contextmanager
def _open_shop(folder: Path) -> Generator[tuple[Program, Shop]]:
    shop = generate(folder / "files", days=51, scale=0.5, search_scale=0.12)
    with Program.open(folder / "home", create=True) as program:
        for service in ("checkout", "search"):
            for path in (*shop.requests[service],):
                program.requests.ingest(path)
            program.objectives.apply(shop.documents[service], now=shop.start)
        yield program, shop


def _apart(rng: np.random.Generator) -> list[float]:
    """Minutes from the fault to each decoy: one of the ten before it, some after it."""
    far = -rng.uniform(10, 180, DECOYS)
    after = rng.random(DECOYS) < 0.1
    apart = np.where(after, rng.uniform(3, AFTER + 2, DECOYS), far)
    apart[0] = -rng.uniform(0, 10)
    return apart.tolist()


def _deploy(at: datetime, apart: float, number: int, service: str = "gateway") -> Change:
    began = at + apart * MINUTE
    return Change(
        id=f"deploy-{number}",
        service=service,
        version=f"d{number}",
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
