"""How strictly may a gate hold a service to what is proposed? By what its windows usually leave."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from errorbudget.objective.document import Mode
from errorbudget.objective.proposal.target import Candidate, Proposal

MOSTLY: Final = 0.3
"""The share of windows with hardly any budget left from which the usual bands hold back always."""
MONTH: Final = 28
"""Days below which a history has not seen a month of weekends."""
_TWO_WEEKS: Final = 14
"""Days of history without which nobody is held to anything."""
_QUARTER: Final = 91

Bands = Literal["wide", "narrow"]
"""Careful below half and strict below a quarter of the budget; or below a tenth, and at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a proposed document says beside its promise."""

    mode: Mode
    why_mode: str
    """Empty where there is nothing to say of it."""
    bands: Bands
    why_bands: tuple[str, ...]
    revisit: date

    @classmethod
    def of(cls, found: Proposal, today: date) -> "Ruling":
        """The ruling for a proposal that has a commit; written on a day."""
        if found.commit is None:
            raise ValueError("nothing is proposed")
        days = len(found.present.valid)
        bands: Bands = "narrow" if found.commit.low >= MOSTLY else "wide"
        return cls(
            mode=Mode.ADVISE if days < _TWO_WEEKS else Mode.ENFORCE,
            why_mode=_too_few(days) if days < _TWO_WEEKS else "",
            bands=bands,
            why_bands=tuple(_why(found, found.commit, bands)),
            revisit=today + timedelta(days=MONTH if days < MONTH else _QUARTER),
        )


def _too_few(days: int) -> str:
    return (
        f"{days} {'day' if days == 1 else 'days'} of history are too few to hold anybody to: until"
        " it is proposed again, the gate only advises."
    )


def _why(found: Proposal, commit: Candidate, bands: Bands) -> Iterator[str]:
    """What the commit leaves for changes: the other thing that is signed."""
    if commit.low < 0.005:
        return
    if bands == "wide":
        yield (
            f"{commit.low:.0%} of windows end with less than a quarter of the budget left, and then"
            " its policy holds back all but repairs."
        )
        return
    yield (
        f"{commit.low:.0%} of windows end with less than a quarter of the budget left: this target"
        " leaves little room. So its policy holds back large changes only in the last tenth of it,"
        f" where {commit.last:.0%} of windows end, and all but repairs once it is spent."
    )
    place = found.candidates.index(commit)
    if place:
        looser = found.candidates[place - 1]
        yield (
            f"To have more room, sign {looser.target} instead: half of the windows would use"
            f" {looser.median_use:.0%} of that budget or less, and {looser.low:.0%} would end below"
            " a quarter."
        )
