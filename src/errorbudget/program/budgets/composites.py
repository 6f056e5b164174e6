"""Operations that go through several services: counted, seen and watched as one promise."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce

from errorbudget.ledger.composite import Composed, Joined, Told
from errorbudget.ledger.rollup import counted
from errorbudget.ledger.spans import overlap
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Span
from errorbudget.objective.document import Composite, ObjectiveDocument
from errorbudget.objective.indicator import Indicator, Nameless, Operations, indicator
from errorbudget.program.budgets.counting import Counted, bring_up_to_date, count_again
from errorbudget.program.budgets.held import Days
from errorbudget.program.budgets.part import Part
from errorbudget.source import Liveness, Source

Joins = Mapping[str, Indicator | None]
"""By service, what the operations are joined with; None where nobody promises it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Journey(Part):
    """One composite of a document."""

    name: str
    promise: Composite
    joins: Joins

    @property
    def services(self) -> tuple[str, ...]:
        """Every service that an operation may go through."""
        joined = (one.requests.services for one in self.joins.values() if one)
        return tuple(
            {*self.document.services, *self.joins, *(name for of in joined for name in of)}
        )

    @property
    def indicators(self) -> Mapping[str, Indicator]:
        """What is counted where the operations enter."""
        return {self.name: self.entered}

    @property
    def entered(self) -> Indicator:
        """The operations, as far as they can be judged where they enter."""
        return indicator(self.document, self.name)

    @property
    def missing(self) -> tuple[str, ...]:
        """What it is joined with that no document promises."""
        return tuple(
            f"{service} {self.promise.joins[service]}"
            for service, one in self.joins.items()
            if one is None
        )

    @property
    def operations(self) -> Operations:
        """What is counted."""
        return Operations(of=self.entered, joins=tuple(one for one in self.joins.values() if one))

    def series(self, objective: str) -> str:
        """The key of the operations' tallies; there are none while something is missing."""
        del objective
        return "" if self.missing else self.operations.series

    def count(self, source: Source, tallies: Days, seen: int | None) -> Counted:
        """Bring up to date what is known of the operations, and what bounds the rest."""
        if self.missing:
            return Counted(days=frozenset(), newest=0, missing={})
        operations = self.operations
        for one in (operations.of, *operations.joins):
            count_again(source, tallies, [one, Nameless(of=one)])
        return bring_up_to_date(
            tallies,
            [operations.series],
            touched=partial(source.operations_touched, operations),
            tally=lambda minutes: [source.operations(operations, minutes)],
            kept=source.kept(operations.of.requests),
            seen=seen,
        )

    def liveness(self, source: Source) -> Liveness:
        """When every service of it could be seen."""
        lives = [source.liveness(self.entered.requests)]
        lives += [source.liveness(one.requests) for one in self.joins.values() if one]
        ends, heard = [one.as_of for one in lives], [one.heard for one in lives]
        unseen = tuple(name for one in lives for name in one.unseen)
        if self.missing or any(end is None for end in ends):
            return Liveness(first_request=None, as_of=None, alive=(), unseen=unseen)
        return Liveness(
            first_request=lives[0].first_request,
            as_of=min(end for end in ends if end),
            alive=tuple(reduce(overlap, [list(one.alive) for one in lives])),
            unseen=unseen,
            heard=None if None in heard else min(one for one in heard if one),
        )

    def composed(self, tallies: Days, span: Span, left_out: Sequence[Span]) -> Told:
        """What is known of the operations of a span."""

        def within(series: str) -> tuple[int, int]:
            return counted(tallies.load_days(series, span.start // DAY), span, left_out)

        operations, bad = within(self.series(self.name))
        nameless, nameless_bad = within(Nameless(of=self.entered).series)
        joins = {
            service: _joined(*within(one.series), within(Nameless(of=one).series)[1])
            for service, one in self.joins.items()
            if one
        }
        found = Composed(
            operations=operations, bad=bad, nameless=nameless - nameless_bad, joins=joins
        )
        return Told(
            of=self.promise.of, objectives=self.promise.joins, found=found, missing=self.missing
        )


def composites(
    document: ObjectiveDocument, speaking: Callable[[str], ObjectiveDocument | None]
) -> Iterator[Journey]:
    """What a document promises of operations over several services."""
    for name, promise in document.composites.items():
        entered = document.objectives[promise.of].model_copy(
            update={
                "target": promise.target,
                "window": promise.window,
                "description": promise.description,
            }
        )
        yield Journey(
            key=f"{document.name}/{name}",
            document=document.model_copy(update={"objectives": {name: entered}, "composites": {}}),
            owner=document.name,
            name=name,
            promise=promise,
            joins={
                service: _promised(service, speaking(service), objective)
                for service, objective in promise.joins.items()
            },
        )


def _promised(service: str, document: ObjectiveDocument | None, objective: str) -> Indicator | None:
    if document is None or objective not in document.objectives:
        return None
    if document.requests.source != "warehouse":
        return None
    if service != document.name and len(document.services) > 1:  # of a pool, its own requests
        document = document.model_copy(update={"pooled": (service,)})
    return indicator(document, objective)


def _joined(valid: int, bad: int, nameless: int) -> Joined:
    return Joined(valid=valid, bad=bad, nameless=nameless)
