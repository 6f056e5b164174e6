"""Where did a quarter's budget go, and which decisions were right in hindsight?

A statement of account: every bad request stands in exactly one line, of a change, of an incident or
of the background, so the lines add up to what was counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from errorbudget.burn.rate import tail

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

FOLLOWED: Final = 60
"""Minutes after a change was finished in which what burns may be its doing."""
SETTLING: Final = 10
"""Minutes until a rollback has undone what it takes back."""
ALPHA: Final = 1e-3
"""How rarely luck may show so many bad requests for them to be held against a change."""
HOUR: Final = 60
LENGTHS: Final = (1, 6, 24)
"""Hours over which a burn may show: a slow one does not within one."""
CALM: Final = 6
"""Usual hours that may lie within one incident: a slow burn is not many small ones."""


class Kind(StrEnum):
    """What a line is about."""

    CHANGE = "change"
    INCIDENT = "incident"
    BACKGROUND = "background"


class Verdict(StrEnum):
    """What a decision was worth, now that it is known what came of it."""

    RIGHT = "right"
    COSTLY = "costly"
    """Permitted, and it burned."""
    TOO_STRICT = "too_strict"
    """Refused, shipped all the same, and nothing burned."""
    UNKNOWN = "unknown"
    """Never shipped, too few requests to tell, or nobody asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A change that altered production, in minutes since 1970, and what the gate had said of it."""

    id: str
    start: int
    end: int
    """The minute after it was finished."""
    rolls_back: bool = False
    permitted: bool | None = None
    """None where the gate was never asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So many bad requests more than usual, in [start, end), and whose they are."""

    kind: Kind
    change: str | None
    """Of an incident: the change within whose time it began, if there is one."""
    start: int
    end: int
    valid: int
    seen: int
    """All bad requests of the time, the usual ones too."""
    bad: int
    """Those beyond the usual: what this line costs."""
    verdict: Verdict = Verdict.UNKNOWN
    postmortem: str = ""
    """Of what somebody looked into: where it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was looked into: its minutes, and how many bad requests beyond the usual it cost."""

    key: str
    start: int
    end: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Every bad request of a span once; `bad` is the sum over the lines."""

    valid: int
    bad: int
    usual: Fraction
    """The share of requests that is bad when nothing is the matter."""
    lines: tuple[Line, ...]


def rollbacks(versions: Sequence[str]) -> list[bool]:
    """Which of these versions, as they were shipped, had been shipped before the one they ended."""
    return [version in versions[: max(place - 1, 0)] for place, version in enumerate(versions)]


def statement(
    first: int,
    valid: Counts,
    bad: Counts,
    changes: Sequence[Shipped],
    learned: Sequence[Learned] = (),
) -> Statement:
    """Account for every minute from `first` on; `changes` are those of the service, by start.

    What was `learned` stands by its own count, in one line: of the change that has most of it, or
    of an incident.
    """
    usual, likely = calm_share(valid, bad)
    lines = [*_of_changes(first, valid, bad, changes, (usual, likely))]
    known = [*_known(first, valid, bad, learned, lines)]
    lines = [_beside(line, change, known) for line, change in zip(lines, changes, strict=True)]
    for again in (True, False):
        left = np.ones(len(bad), np.bool_)
        for line in (*lines, *known):
            left[_within(line, first)] &= not line.bad
        incidents = _incidents(first, valid * left, bad * left, (usual, likely), lines)
        if again:
            lines = [
                _within_one(line, change, incidents)
                for line, change in zip(lines, changes, strict=True)
            ]
    mains = {line.change for line in known if line.kind is Kind.CHANGE}
    lines = [*(line for line in lines if line.change not in mains), *known, *incidents]
    rest = int(bad.sum()) - sum(line.bad for line in lines)
    background = Line(
        kind=Kind.BACKGROUND,
        change=None,
        start=first,
        end=first + len(bad),
        valid=int(valid.sum()),
        seen=rest,
        bad=rest,
    )
    return Statement(
        valid=int(valid.sum()),
        bad=int(bad.sum()),
        usual=usual,
        lines=(*sorted(lines, key=lambda line: line.start), background),
    )


def _of_changes(
    first: int,
    valid: Counts,
    bad: Counts,
    changes: Sequence[Shipped],
    shares: tuple[Fraction, float],
) -> Iterator[Line]:
    """What burns in the minutes that belong to each change."""
    usual, likely = shares
    for change, (start, end) in zip(changes, _followed(changes), strict=True):
        line = _line(Kind.CHANGE, change.id, (first, start, end), valid, bad, usual)
        before = _line(Kind.CHANGE, None, (first, start - FOLLOWED, start), valid, bad, usual)
        # What failed before it began is not its doing: it must be worse than that.
        share = before.seen / before.valid if _burns(before, likely) else likely
        line = line if _burns(line, share) and line.bad > 0 else replace(line, bad=0)
        yield replace(line, verdict=_verdict(change, line))


def _known(
    first: int, valid: Counts, bad: Counts, learned: Sequence[Learned], changes: Sequence[Line]
) -> Iterator[Line]:
    """What was looked into, never more than there is of it, each bad request once."""
    left, taken = bad.copy(), set[str | None]()
    for one in sorted(learned, key=lambda one: one.start):
        span = first, one.start, max(one.end, one.start)
        line = _line(Kind.INCIDENT, None, span, valid, bad, Fraction(0))
        within = _within(line, first)
        here = left[within]
        cost = min(one.bad, int(here.sum()))
        if not cost:
            continue
        # What one has, another of the same minutes has not.
        here -= np.clip(cost - (here.cumsum() - here), 0, here)
        met = [
            each
            for each in changes
            if each.bad * 2 >= cost and _meets(each, line) and each.change not in taken
        ]
        main = max(met, key=lambda each: each.bad, default=None)
        line = replace(line, bad=cost, postmortem=one.key)
        if main is not None:
            taken.add(main.change)
            line = replace(line, kind=Kind.CHANGE, change=main.change, verdict=main.verdict)
        yield line


def _meets(one: Line, other: Line) -> bool:
    return one.start < other.end and other.start < one.end


def _beside(line: Line, change: Shipped, known: Sequence[Line]) -> Line:
    """A change's line, without what is told by a postmortem already."""
    if line.bad and any(_meets(line, one) for one in known):
        line = replace(line, bad=0)
        return replace(line, verdict=_verdict(change, line))
    return line


def _within_one(line: Line, change: Shipped, incidents: Sequence[Line]) -> Line:
    """A change's line, without what fails no more than in the incident that it lies within.

    One burn is one line: what burned before a change and burns on after it is not its doing.
    """
    around = (one for one in incidents if one.start < line.start and line.end < one.end)
    if line.bad and any(not _burns(line, one.seen / one.valid) for one in around):
        line = replace(line, bad=0)
        return replace(line, verdict=_verdict(change, line))
    return line


def calm_share(valid: Counts, bad: Counts) -> tuple[Fraction, float]:
    """The share of bad requests of all hours that are like the others; and one that is never 0."""
    hours = _sums(valid, HOUR), _sums(bad, HOUR)
    calm = hours[0] > 0
    while True:
        total, failed = (int(counts[calm].sum()) for counts in hours)
        likely = (failed + 1) / (total + 2)
        still = calm & ~_strange(*(counts * calm for counts in hours), likely, ALPHA)
        if still.sum() == calm.sum():
            return Fraction(failed, total) if total else Fraction(0), likely
        calm = still


def _strange(valid: Counts, bad: Counts, share: float, alpha: float) -> Mask:
    """Hours that luck does not show, alone or, of those that are left, as a part of a long burn."""
    found = np.zeros(len(valid), np.bool_)
    for length in LENGTHS:
        total, failed = _sums(valid * ~found, length), _sums(bad * ~found, length)
        blocks = (failed >= 2) & (_chances(total, failed, share) <= alpha)
        found |= np.repeat(blocks, length)[: len(found)]
    return found


def _followed(changes: Sequence[Shipped]) -> list[tuple[int, int]]:
    """The minutes that belong to each change: until it has settled, or the next one begins.

    What a rollback takes back burns on until it is done, so those minutes are the other's.
    """
    spans, earliest = list[tuple[int, int]](), 0
    for place, change in enumerate(changes):
        following = changes[place + 1] if place + 1 < len(changes) else None
        start = max(change.start, earliest)
        end = change.end + FOLLOWED
        if following is not None:
            over = following.end + SETTLING if following.rolls_back else following.start
            end = min(end, over)
        earliest = max(end if following and following.rolls_back else earliest, start)
        spans.append((start, max(start, end)))
    return spans


def _incidents(
    first: int,
    valid: Counts,
    bad: Counts,
    shares: tuple[Fraction, float],
    changes: Sequence[Line],
) -> list[Line]:
    """Hours with more bad requests than luck shows once in a thousand such spans, joined."""
    usual, likely = shares
    hours = _sums(valid, HOUR), _sums(bad, HOUR)
    strange = _strange(*hours, likely, ALPHA / len(hours[0]))
    lines = list[Line]()
    for start, end in _joined(np.flatnonzero(strange).tolist()):
        span = first, first + start * HOUR, first + end * HOUR
        line = _line(Kind.INCIDENT, None, span, valid, bad, usual)
        began = first + start * HOUR + int(np.flatnonzero(bad[start * HOUR : end * HOUR])[0])
        after = [one.change for one in changes if one.bad and one.start <= began <= one.end + HOUR]
        if line.bad > 0:
            lines.append(replace(line, change=after[-1] if after else None))
    return lines


def _joined(hours: Sequence[int]) -> list[tuple[int, int]]:
    spans = list[tuple[int, int]]()
    for hour in hours:
        if spans and hour - spans[-1][1] <= CALM:
            spans[-1] = spans[-1][0], hour + 1
        else:
            spans.append((hour, hour + 1))
    return spans


def _line(
    kind: Kind,
    change: str | None,
    span: tuple[int, int, int],
    valid: Counts,
    bad: Counts,
    usual: Fraction,
) -> Line:
    first, start, end = span
    start, end = (min(max(edge, first), first + len(bad)) for edge in (start, end))
    within = slice(start - first, end - first)
    total, seen = int(valid[within].sum()), int(bad[within].sum())
    # Whole requests, so that lines add up: half of one is told to the background.
    return Line(
        kind=kind,
        change=change,
        start=start,
        end=end,
        valid=total,
        seen=seen,
        bad=max(seen - round(usual * total), 0),
    )


def _within(line: Line, first: int) -> slice:
    return slice(line.start - first, line.end - first)


def _verdict(change: Shipped, line: Line) -> Verdict:
    if change.permitted is None or not line.valid:
        return Verdict.UNKNOWN
    if line.bad:
        return Verdict.COSTLY if change.permitted else Verdict.RIGHT
    return Verdict.RIGHT if change.permitted else Verdict.TOO_STRICT


def _sums(counts: Counts, length: int) -> Counts:
    """Sums of so many at a time; the last may be of fewer."""
    return np.add.reduceat(counts, np.arange(0, len(counts), length))


def _chances(valid: Counts, bad: Counts, share: float) -> NDArray[np.float64]:
    return tail(valid, bad, np.full(len(valid), share), np.ones(len(valid)))


def _burns(line: Line, share: float) -> bool:
    """Whether luck rarely shows so many bad requests of those of its time."""
    chances = _chances(np.array([line.valid]), np.array([line.seen]), share)
    return line.seen >= 2 and bool(chances[0] <= ALPHA)
