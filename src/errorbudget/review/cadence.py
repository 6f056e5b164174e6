"""How often does a budget begin anew? The ways to keep accounts that a team may choose from.

A calendar window matches plans and forgets at its end; a sliding one never forgets at once, and
holds a bad day against a team until it leaves. Both at once: the calendar for the report, and the
gate goes by the lower of the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Span
from errorbudget.objective.document import Calendar, Objective, ObjectiveDocument, Rolling
from errorbudget.review.freezing import Held
from errorbudget.review.wording import stamp

SLIDING: Final = 28 * DAY
"""Minutes of a sliding window where the document has none: four weeks have the same weekends."""


class Cadence(StrEnum):
    """A way to keep accounts."""

    PROMISED = "promised"
    """As the document has it."""
    MONTH = "month"
    QUARTER = "quarter"
    DEBT = "debt"
    """A quarter, of whose budget up to half pays what the quarter before overspent."""
    YEAR = "year"
    SLIDING = "sliding"
    BOTH = "both"
    """A quarter for the report and a sliding window for the gate: the lower of the two counts."""


_SLIDING: Final = "-sliding"
"""Behind an objective's name: the same objective by its sliding window, where it has both."""
NAMES: Final = {
    Cadence.PROMISED: "as promised",
    Cadence.MONTH: "monthly",
    Cadence.QUARTER: "quarterly",
    Cadence.DEBT: "with debt",
    Cadence.YEAR: "yearly",
    Cadence.SLIDING: "sliding",
    Cadence.BOTH: "both",
}


def kept_by(document: ObjectiveDocument, timezone: str) -> dict[Cadence, ObjectiveDocument]:
    """The document with the windows of each cadence, its calendar ones in this time zone."""
    sliding = Rolling.model_construct(minutes=_sliding(document))
    calendars = {
        Cadence(unit): Calendar.model_construct(
            unit=unit, timezone=timezone, carry_debt=Fraction(0)
        )
        for unit in ("month", "quarter", "year")
    }
    half = calendars[Cadence.QUARTER].model_copy(update={"carry_debt": Fraction(1, 2)})
    calendars |= {Cadence.DEBT: half}
    quarter = calendars[Cadence.QUARTER]
    both = _with(document, quarter) | {
        f"{name}{_SLIDING}": one for name, one in _with(document, sliding).items()
    }
    found = {Cadence.PROMISED: document}
    found |= {name: _promising(document, _with(document, one)) for name, one in calendars.items()}
    found[Cadence.SLIDING] = _promising(document, _with(document, sliding))
    return found | {Cadence.BOTH: _promising(document, both)}


def _sliding(document: ObjectiveDocument) -> int:
    """The longest sliding window that the document has, four weeks if none."""
    windows = (one.window for one in document.objectives.values())
    return max((one.minutes for one in windows if isinstance(one, Rolling)), default=SLIDING)


def _with(document: ObjectiveDocument, window: Rolling | Calendar) -> dict[str, Objective]:
    return {
        name: one.model_copy(update={"window": window}) for name, one in document.objectives.items()
    }


def _promising(
    document: ObjectiveDocument, objectives: Mapping[str, Objective]
) -> ObjectiveDocument:
    return document.model_copy(update={"objectives": dict(objectives), "composites": {}})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """When a budget begins anew, or how much of it comes back on a day."""

    minute: int
    remaining: Fraction
    """What will be left then, when nothing more goes wrong."""

    def as_dict(self) -> dict[str, Any]:
        """The reset as JSON has it."""
        return {"at": stamp(self.minute), "remaining": float(self.remaining)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What one cadence would have meant."""

    cadence: Cadence
    held: Held
    remaining: Fraction | None
    """Of the worst budget, as it would stand now."""
    judged: str
    """The worst budget's objective, as `kept_by` names it; empty where nothing is known."""
    resets: Sequence[Reset]

    @property
    def objective(self) -> str:
        """That objective, as its document names it."""
        return self.judged.removesuffix(_SLIDING) if self.is_sliding else self.judged

    @property
    def is_sliding(self) -> bool:
        """Whether, of both, it is the sliding window that counts."""
        return self.cadence is Cadence.BOTH and self.judged.endswith(_SLIDING)

    @property
    def words(self) -> str:
        """As in `monthly: 2 freezes of 9 and 4 days`."""
        return f"{NAMES[self.cadence]}: {self.held.words}"

    def as_dict(self) -> dict[str, Any]:
        """The cadence as JSON has it."""
        return {
            "cadence": self.cadence.value,
            "words": self.words,
            "freezes": self.held.as_dict(),
            "remaining": None if self.remaining is None else float(self.remaining),
            "objective": self.objective,
            "sliding": self.is_sliding,
            "resets": [one.as_dict() for one in self.resets],
        }


def told(service: str, seen: Span, lived: Sequence[Lived]) -> dict[str, Any]:
    """All of them side by side, as JSON has it; `seen` is the time that was lived through."""
    return {
        "service": service,
        "from": stamp(seen.start),
        "to": stamp(seen.end),
        "cadences": [one.as_dict() for one in lived],
        "sentence": f"{'; '.join(one.words for one in lived)}.",
    }
