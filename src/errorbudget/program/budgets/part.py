"""What is counted, seen and heard together: a row of a book for each of its objectives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from errorbudget.ledger.composite import Told
from errorbudget.ledger.window import Span
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import Indicator, requests
from errorbudget.program.budgets.counting import Counted, count_again
from errorbudget.program.budgets.held import Days
from errorbudget.program.objectives.objectives import indicators
from errorbudget.source import Liveness, Source


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Objectives whose requests are counted, seen and heard together."""

    key: str
    """Tells it apart in a book and across restarts: a document's name, or one below it."""
    document: ObjectiveDocument
    """As it is shown and watched."""
    owner: str
    """The document that promises it."""

    @property
    def is_whole(self) -> bool:
        """Whether it is all of a document's own objectives."""
        return self.key == self.owner

    @property
    def pool(self) -> str:
        """The document whose pool it is a member of; empty where it is no member."""
        return ""

    @property
    def is_asked(self) -> bool:
        """Whether its source says nothing by itself, so that it must be asked again and again."""
        return self.document.requests.source != "warehouse"

    @property
    def services(self) -> tuple[str, ...]:
        """Whose requests its counts depend on."""
        return self.document.services

    @property
    def indicators(self) -> Mapping[str, Indicator]:
        """What each objective counts."""
        return indicators(self.document)

    def series(self, objective: str) -> str:
        """The key of an objective's tallies."""
        return self.indicators[objective].series

    def count(self, source: Source, tallies: Days, seen: int | None) -> Counted:
        """Bring its tallies up to date, since the batch `seen`."""
        return count_again(source, tallies, list(self.indicators.values()), seen=seen)

    def liveness(self, source: Source) -> Liveness:
        """When its requests could be seen."""
        return source.liveness(requests(self.document))

    def composed(self, tallies: Days, span: Span, left_out: Sequence[Span]) -> Told | None:
        """What is known of operations over several services in a span; None where it has none."""
        del tallies, span, left_out
        return None


def whole(document: ObjectiveDocument) -> Part:
    """All of a document's own objectives."""
    return Part(key=document.name, document=document, owner=document.name)
