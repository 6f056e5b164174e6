"""A burn, as far as the tallies tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from errorbudget import clock
from errorbudget.burn.onset import Onset
from errorbudget.ledger.spans import spread, without
from errorbudget.ledger.window import Span, moment
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import Indicator
from errorbudget.program.budgets.book import Book
from errorbudget.program.budgets.composites import Journey
from errorbudget.program.burning.burns import BurnStanding

MOST: Final = 2_000_000
"""Requests before a burn that it is compared with, at most about."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """A burn, as far as the tallies tell: what every section of an explanation starts from."""

    book: Book
    row: int
    burn: BurnStanding
    span: Span
    """The minutes that are explained."""
    before: Span
    """The day before it began, as far as there were requests."""
    onset: Onset | None
    """When the burn began, as far as the counts tell."""
    asked: bool = False
    """Whether somebody named the time, rather than took the burn that is current."""

    @property
    def document(self) -> ObjectiveDocument:
        """The document whose objective burns."""
        return self.burn.standing.document

    @cached_property
    def indicators(self) -> Mapping[str, Indicator]:
        """What the objective counts; of operations over several services, what each has of them."""
        promise = self.book.promises[self.row]
        if not isinstance(promise.part, Journey):
            return {promise.document.name: promise.indicator}
        joined = {name: one for name, one in promise.part.joins.items() if one is not None}
        return {promise.document.name: promise.indicator, **joined}

    @property
    def columns(self) -> Sequence[str]:
        """What its requests are told apart by; those of a pool by their service first."""
        written = self.document.burn.group_by
        several = len(self.document.services) > 1 and "service" not in written
        return ("service", *written) if several else written

    def kept(self, span: Span) -> list[Span]:
        """The minutes of a span that the document does not exclude."""
        return without([span], self.book.life(self.document).excluded)

    @cached_property
    def compared(self) -> list[Span]:
        """The minutes before that are looked at: all, or of very many requests some, spread out."""
        valid, _ = self.counts(self.before)
        enough = len(self.before) * MOST // max(valid, 1)
        return [kept for part in spread(self.before, enough) for kept in self.kept(part)]

    @cached_property
    def unknown(self) -> str:
        """Why there are minutes of it that nobody could see, in a sentence; empty where none."""
        if self.onset is not None and self.onset.silence:
            return ""
        span, reached = self.span, self.book.life(self.document).as_of
        if reached is None:
            return "Nothing is known: no request of it was ever seen."
        if moment(span.start) >= reached:
            return f"Nothing is known of this time: its data reaches to {clock.text(reached)}."
        row, start, end = (np.array([one]) for one in (self.row, span.start, span.end))
        alive, minutes = self.book.lives.coverage(start, end, row)
        if alive[0] >= minutes[0]:
            return ""
        if not alive[0]:
            return "Nothing is known of this time: no source of its requests was alive."
        return f"Of its {minutes[0]:,} minutes, {minutes[0] - alive[0]:,} could not be seen."

    def counts(self, span: Span) -> tuple[int, int]:
        """Valid and bad requests of a span."""
        row, start, end = (np.array([one]) for one in (self.row, span.start, span.end))
        valid, bad = self.book.counts(row, start, end)
        return int(valid[0]), int(bad[0])
