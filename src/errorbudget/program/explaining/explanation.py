"""What an explanation of a burn says: one value, which every door and every message shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from errorbudget import clock
from errorbudget.burn.attribution import Finding
from errorbudget.burn.bars import Bars
from errorbudget.burn.concentration import Concentration
from errorbudget.burn.correlation import Coincidence
from errorbudget.burn.first_move import first_move, points, slice_words
from errorbudget.burn.log_patterns import Pattern
from errorbudget.burn.onset import Onset
from errorbudget.ledger.window import Span, moment
from errorbudget.objective.notation import digits
from errorbudget.program.burning.burns import BurnStanding
from errorbudget.program.burning.numbers import numbers

SHOWN: Final = 3
"""Findings, changes and patterns of logs that fit a first screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One question that an explanation answers, in lines for people."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What broke, since when, where, for whom, what changed, what logs say; and the limits."""

    burn: BurnStanding
    """How fast the budget goes at the end of the time that is explained."""
    span: Span
    """The minutes that are explained."""
    valid: int
    bad: int
    usual: float
    """Requests that usually come in so many minutes at this time."""
    unknown: str
    """Why not all of the time could be seen; empty where it could."""
    burns: bool
    """Whether something burns, or is silent, that one could do something about."""
    bars: Bars
    """The time before and of the burn."""
    onset: Onset | None
    where: tuple[Finding, ...]
    within: str
    """Of operations over several services, the one that most of it is in; else empty."""
    who: Concentration
    changes: tuple[Coincidence, ...]
    logs: tuple[Pattern, ...]
    limits: tuple[str, ...]
    """What the rest could not know, or knows only roughly; one sentence each."""

    def as_dict(self) -> dict[str, Any]:
        """The explanation as JSON has it."""
        document = self.burn.standing.document
        return {
            "service": document.name,
            "objective": self.burn.standing.objective,
            "from": clock.text(moment(self.span.start)),
            "to": clock.text(moment(self.span.end)),
            "headline": self.headline(),
            "first_move": self.first_move(),
            "sections": [
                {"heading": one.heading, "lines": list(one.lines)} for one in self.sections()
            ],
            "valid": self.valid,
            "bad": self.bad,
            "usual": round(self.usual, 1),
            "bars": _bars(self.bars),
            "onset": None if self.onset is None else _onset(self.onset),
            "within": self.within,
            "where": [finding.as_dict() for finding in self.where],
            "who": self.who.as_dict(),
            "changes": [one.as_dict() for one in self.changes],
            "logs": [one.as_dict() for one in self.logs],
            "limits": list(self.limits),
            "burn": self.burn.as_dict(),
            "runbook": document.runbook,
            "owners": {role: list(names) for role, names in document.owners.items()},
        }

    def headline(self) -> str:
        """One line that stands alone, for a phone."""
        standing = self.burn.standing
        return "; ".join(
            [f"{standing.document.name} {standing.objective}: {self._symptom()}", *self.points()]
        )

    def points(self) -> list[str]:
        """What the rest of a first line says: the place, the flood, the change."""
        told = points(self.where, self.who, self.changes)
        return [f"more in {self.within} than elsewhere", *told] if self.within else told

    def first_move(self) -> str | None:
        """What to try or to look at first; None where nothing burns, or nothing is known."""
        if not self.burns:
            return None
        return first_move(
            valid=self.valid,
            silent=self.silent,
            service=self.within,
            where=self.where,
            who=self.who,
            changes=self.changes,
            logs=self.logs,
        )

    @property
    def silent(self) -> bool:
        """Whether it is about requests that stopped coming."""
        return self.onset is not None and self.onset.silence

    def sections(self) -> list[Section]:
        """Every answer in the order in which it is needed; those without an answer are left out."""
        move = self.first_move()
        told = {
            "Burn": [f"{self._symptom()} from {self._time()}", self.bars.line()],
            "Try": [] if move is None else [move],
            "Budget": numbers(self.burn),
            "Since": [] if self.onset is None else [self.onset.sentence()],
            "Where": [_finding(one) for one in self.where[:SHOWN]],
            "Who": [self.who.sentence] if self.valid else [],
            "Changes": [_change(one) for one in self.changes[:SHOWN]],
            "Logs": [_pattern(one) for one in self.logs[:SHOWN]],
            "Limits": self.limits,
            "Next": list(self._next()),
        }
        return [
            Section(heading=heading, lines=tuple(lines)) for heading, lines in told.items() if lines
        ]

    def _symptom(self) -> str:
        if not self.valid:
            if self.unknown:
                return "nothing is known of this time"
            usual = f", about {self.usual:,.0f} usually do" if self.usual >= 1 else ""
            return f"no valid request came{usual}"
        target = self.burn.standing.document.objectives[self.burn.standing.objective].target
        rate = self.bad / (self.valid * float(target.allowance))
        return f"{self.bad:,} of {self.valid:,} requests failed, {digits(rate)}x"

    def _time(self) -> str:
        since, until = moment(self.span.start), moment(self.span.end)
        end = "%H:%M" if since.date() == until.date() else "%Y-%m-%d %H:%M"
        return f"{since:%Y-%m-%d %H:%M} to {until:{end}} UTC"

    def _next(self) -> Iterator[str]:
        document = self.burn.standing.document
        if document.runbook:
            yield f"runbook {document.runbook}"
        yield from (f"{role}: {', '.join(names)}" for role, names in document.owners.items())
        words = f"{document.name} {self.burn.standing.objective}"
        since, until = (clock.text(moment(edge)) for edge in (self.span.start, self.span.end))
        yield f"log lines: errorbudget handoff {words} --from {since} --to {until}"


def _onset(of: Onset) -> dict[str, Any]:
    moments = {"at": of.at, "earliest": of.earliest, "latest": of.latest, "until": of.until}
    return {name: clock.text(at) for name, at in moments.items()} | {"gradual": of.gradual}


def _bars(of: Bars) -> dict[str, Any]:
    return {
        "from": clock.text(moment(of.start)),
        "minutes": of.step,
        "valid": list(of.valid),
        "bad": list(of.bad),
    }


def _finding(one: Finding) -> str:
    before = one.baseline_rate
    usual = "no such requests before" if before is None else f"{before:.2%} before"
    return (
        f"{slice_words(one)}: {one.share:.0%} of the excess;"
        f" {one.rate:.2%} of {one.n:,} fail, {usual}"
    )


def _change(one: Coincidence) -> str:
    fits = "coincides" if one.fits else "does not fit"
    return f"{one.change.id} {fits}: {'; '.join(one.evidence)}"


def _pattern(one: Pattern) -> str:
    traces = f"; traces {', '.join(one.trace_ids)}" if one.trace_ids else ""
    return f"{one.template} ({one.reason}; {one.count:,}, {one.baseline_count:,} before{traces})"
