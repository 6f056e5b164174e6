"""Budgets as they stood again and again through a time, and what each let ship then.

By the counts as they are known now: what was late or corrected since is in them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Span, moment
from errorbudget.objective.document import Band, ObjectiveDocument, Policy, RiskClass, UnknownBudget
from errorbudget.policy.permission import (
    Beside,
    Considered,
    Ground,
    considered,
    is_unknown,
    limits,
    permitted,
    place,
)
from errorbudget.program.budgets.book import Book
from errorbudget.program.budgets.held import Days
from errorbudget.review.freezing import Seen
from errorbudget.source import Source

STEP: Final = 6 * 60
"""Minutes between two looks."""

_ALL: Final = frozenset(RiskClass)
_SPENT: Final = frozenset((RiskClass.ROLLBACK, RiskClass.CRITICAL))
OBSERVING: Final = Policy(
    bands=(
        Band.model_construct(above=0, allow=_ALL),
        Band.model_construct(above=None, allow=_SPENT),
    ),
    unknown=UnknownBudget.model_construct(allow=_ALL),
)
"""What is gone by where a document has no policy: a spent budget holds up what is usual."""


def seen(
    source: Source,
    days: Days,
    documents: Mapping[str, ObjectiveDocument],
    spans: Mapping[str, Span],
    step: int = STEP,
) -> dict[str, list[Seen]]:
    """What was to be seen of each document in its span, by the key it is given under.

    A document is looked at from its first request on; a time shorter than a step is not.
    """
    keys = list(documents)
    book = Book(source, days, [_keyed(key, documents[key]) for key in keys])
    found: dict[str, list[Seen]] = {key: [] for key in keys}
    places: dict[str, dict[str, int]] = {key: {} for key in keys}
    rows = _rows(book, keys)
    minutes = _minutes(list(spans.values()), step)
    if not minutes:
        return found
    day = minutes[0] // DAY
    book.bring_to(moment(minutes[0]))
    first = {key: int(book.lives.first_request[min(rows[key].values())]) for key in keys}
    for minute in minutes:
        looked = [key for key in keys if first[key] < minute and minute - 1 in spans[key]]
        if not looked:
            continue
        if minute // DAY != day:
            # What is held for a moment of a day serves all of them.
            book.bring_to(moment(minute))
            day = minute // DAY
        budgets = book.columns(moment(minute))
        for key in looked:
            gauges = {objective: budgets[row] for objective, row in rows[key].items()}
            beside = {name: Beside(place=places[key].get(name)) for name in gauges}
            told = considered(gauges, beside)
            policy = documents[key].policy or OBSERVING
            places[key] = {one.objective: place(policy, one) for one in told if not is_unknown(one)}
            found[key].append(_seen(policy, told, minute))
    return found


def _seen(policy: Policy, told: Sequence[Considered], minute: int) -> Seen:
    held = limits(policy, told, moment(minute))
    known = [one for one in told if not is_unknown(one)]
    worst = min(known, key=lambda one: one.decisive, default=None)
    by_band = [one for one in held if one.ground is not Ground.UNKNOWN]
    return Seen(
        minute=minute,
        permits=frozenset(permitted(held)),
        # A band that holds up as much as not knowing does is the better known reason.
        unknown=not by_band or RiskClass.NORMAL in permitted(by_band),
        remaining=worst.decisive if worst else None,
        objective=worst.objective if worst else "",
    )


def _keyed(key: str, document: ObjectiveDocument) -> ObjectiveDocument:
    """The document under a name of its own, so that several ways to keep accounts fit one book."""
    return document.model_copy(update={"name": key})


def _rows(book: Book, keys: Sequence[str]) -> dict[str, dict[str, int]]:
    rows: dict[str, dict[str, int]] = {key: {} for key in keys}
    for row, promise in enumerate(book.promises):
        rows[promise.document.name][promise.objective] = row
    return rows


def _minutes(spans: Sequence[Span], step: int) -> range:
    first = min((one.start for one in spans), default=0)
    return range(first + step, max((one.end for one in spans), default=0) + 1, step)
