"""What a service's page tells beyond its own objectives: journeys, members, what is left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from errorbudget import clock
from errorbudget.burn.rules import DAY
from errorbudget.errors import Failure
from errorbudget.ledger.composite import Told
from errorbudget.ledger.window import Span, minute_ceil
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.budgets.left_out import Uncounted
from errorbudget.program.burning.burns import BurnStanding
from errorbudget.web.pages.overview import Line
from errorbudget.web.server import Server

HOUR: Final = 60
BUSY: Final = 2_000_000
"""Requests that nobody wants to wait for while each is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """Operations that enter here and go on through other services, promised as one."""

    name: str
    description: str
    line: Line
    reason: str
    told: Told

    @property
    def count(self) -> str:
        """How many operations failed, between bounds where ids are missing."""
        found = self.told.found
        return self.told.words or f"{found.bad:,} of {found.operations:,} operations failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """One service of a pool, watched by itself."""

    service: str
    line: Line
    reason: str


def journeys(burns: Sequence[BurnStanding], document: ObjectiveDocument) -> list[Journey]:
    """The composites among a document's burns."""
    return [
        Journey(
            name=burn.standing.objective,
            description=document.composites[burn.standing.objective].description,
            line=Line.of(burn),
            reason=burn.reason,
            told=told,
        )
        for burn in burns
        if (told := burn.standing.composite) and burn.standing.objective in document.composites
    ]


def members(burns: Sequence[BurnStanding]) -> list[Alone]:
    """Each service of a pool, by objective."""
    return [
        Alone(service=one.standing.document.services[0], line=Line.of(one), reason=one.reason)
        for burn in burns
        for one in burn.members
    ]


def uncounted(
    server: Server, document: ObjectiveDocument, burns: Sequence[BurnStanding]
) -> Uncounted:
    """What the last day's requests say of the criteria, of a busy service those of an hour.

    Nothing where the source does not tell.
    """
    lately = [one for burn in burns for one in burn.horizons if one.minutes == DAY]
    end = minute_ceil(burns[0].at) if burns else minute_ceil(clock.now())
    span = Span(end - (HOUR if any(one.valid > BUSY for one in lately) else DAY), end)
    try:
        return server.patient.uncounted(document, span)
    except Failure:
        return Uncounted(span=span, scope=None, valid={})
