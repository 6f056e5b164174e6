"""Of the requests that came lately, how many does an objective not count, and which are they?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from errorbudget.burn.breakdown import Breakdown
from errorbudget.ledger.window import Span
from errorbudget.objective.criterion import check_criterion
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import Indicator, requests
from errorbudget.source import NotTold, Source

ROUTES: Final = 3
"""So many routes are named at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Requests of some minutes, those that an objective left out of them, and where they went."""

    came: int
    left_out: int
    routes: Sequence[tuple[str, int]]
    """The routes that most of those left out asked for, the most first."""

    @classmethod
    def of(cls, found: Breakdown) -> Self:
        """The same of requests by route, which are bad where they are left out."""
        whole, route = found.sums.total(), found.codes[:, 0]
        names = ("", *found.values[0])
        counts = np.bincount(route, weights=found.sums.bad, minlength=len(names)).astype(int)
        known = [(name, int(count)) for name, count in zip(names, counts, strict=True) if name]
        return cls(
            came=int(whole.valid[0]) if len(found.sums) else 0,
            left_out=int(whole.bad[0]) if len(found.sums) else 0,
            routes=sorted((one for one in known if one[1]), key=lambda one: -one[1])[:ROUTES],
        )


def left_out(source: Source, document: ObjectiveDocument, name: str, span: Span) -> LeftOut | None:
    """What an objective left out of the requests of a span of minutes.

    None where its document leaves nothing out, or its source holds no requests one could look at.
    """
    texts = (document.requests.scope, document.objectives[name].valid)
    counts = " AND ".join(f"({text})" for text in texts if text)
    if not counts or not document.counts_rows:
        return None
    every = Indicator(
        requests=replace(requests(document), scope=None), valid=None, good=check_criterion(counts)
    )
    try:
        return LeftOut.of(source.breakdown(every, ("route",), (span,), ()))
    except NotTold:
        return None
