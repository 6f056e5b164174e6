"""Which changes to production did the gate never permit? The trail beside what really shipped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from errorbudget.change import Change, Origin

GRACE: Final = timedelta(minutes=1)
"""How long after its start a change may be asked about, where its end is not known."""
ROLLOUT: Final = timedelta(hours=1)
"""How long after a permit its version may appear in the traffic, under another name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One decision of the trail."""

    entry: int
    service: str
    change: str
    at: datetime
    permitted: bool


def answers(changes: Sequence[Change], asked: Iterable[Asked]) -> list[Asked | None]:
    """For each change the last answer that was given before it was through, if anybody asked.

    A version that appeared in the traffic may have been asked about by the name of a commit: a
    permit within the hour before, of a change by which nothing else is known, is taken for it.
    """
    given = sorted(asked, key=lambda one: (one.at, one.entry))
    named = [_by_name(change, given) for change in changes]
    taken = {id(one) for one in named if one}
    for place, change in enumerate(changes):
        if named[place] is None and change.origin is Origin.TRAFFIC:
            nameless = (one for one in given if id(one) not in taken and _could_be(one, change))
            if found := next(nameless, None):
                named[place] = found
                taken.add(id(found))
    return named


def _by_name(change: Change, given: Sequence[Asked]) -> Asked | None:
    latest = change.finished_at or change.started_at + GRACE
    names = change.id, change.version
    about = (
        one
        for one in given
        if one.service == change.service and one.change in names and one.at <= latest
    )
    return next(reversed([*about]), None)


def _could_be(one: Asked, change: Change) -> bool:
    waited = change.started_at - one.at
    return one.permitted and one.service == change.service and timedelta(0) <= waited <= ROLLOUT
