"""Of the requests that came lately, how many does a document not count, and which are they?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from errorbudget.ledger.window import Span
from errorbudget.objective.criterion import Criterion
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import Indicator, Requests, indicator, requests
from errorbudget.source import Source

NAMED: Final = 4
"""So many statuses and so many routes are named at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Requests of some minutes, and those of them that a criterion does not let count."""

    came: int
    count: int
    statuses: Sequence[str]
    """What most of those left out answered, the most first."""
    routes: Sequence[str]
    """What most of those left out asked for, the most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncounted:
    """What a document's criteria leave out of the requests of some minutes."""

    span: Span
    scope: LeftOut | None
    """What no objective looks at; None where all are looked at, or none came."""
    valid: Mapping[str, LeftOut]
    """By objective, what it does not count of those looked at; not where it counts them all."""


def uncounted(source: Source, document: ObjectiveDocument, span: Span) -> Uncounted:
    """What was left out. Counters know nothing of what they do not count.

    Raises CriterionFailed, SourceFailed, NotTold.
    """
    rows, found = requests(document), dict[str, LeftOut]()
    if not document.counts_rows:
        return Uncounted(span=span, scope=None, valid=found)
    every = replace(rows, scope=None)
    scope = _failing(source, every, rows.scope, span) if rows.scope else None
    for name in document.objectives:
        valid = indicator(document, name).valid
        if valid and (left_out := _failing(source, rows, valid, span)):
            found[name] = left_out
    return Uncounted(span=span, scope=scope, valid=found)


def _failing(source: Source, rows: Requests, criterion: Criterion, span: Span) -> LeftOut | None:
    """Those that are not what a criterion says; None where none came."""
    # Who called a request bad by hand did not say that it counts: here that makes none bad.
    rows = replace(rows, corrections_judged=True)
    counting = Indicator(requests=rows, valid=None, good=criterion)
    found = source.breakdown(counting, ["status", "route"], [span], [])
    came, count = int(found.sums.valid.sum()), int(found.sums.bad.sum())
    if not came:
        return None
    statuses, routes = (
        _most(names, found.sums.grouped(codes, len(names) + 1).bad[1:].tolist())
        for names, codes in zip(found.values, found.codes.T, strict=True)
    )
    return LeftOut(came=came, count=count, statuses=statuses, routes=routes)


def _most(names: Sequence[str], counts: Sequence[int]) -> list[str]:
    ranked = sorted(zip(counts, names, strict=True), key=lambda one: -one[0])
    return [name for count, name in ranked if count and name][:NAMED]
