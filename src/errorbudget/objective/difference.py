"""What does a change to a document mean, in words?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from errorbudget.objective.document import Objective, ObjectiveDocument
from errorbudget.objective.notation import digits
from errorbudget.objective.proposal.wording import used

_IN_WORDS = ("objectives", "mode")


def differences(old: ObjectiveDocument, new: ObjectiveDocument) -> list[str]:
    """A sentence for each thing that the new version promises or rules otherwise."""
    return [*_objectives(old, new), *_modes(old, new), *_others(old, new)]


def _objectives(old: ObjectiveDocument, new: ObjectiveDocument) -> Iterator[str]:
    for name in old.objectives.keys() - new.objectives.keys():
        yield f"objectives.{name}: is no longer promised, and its budget no longer gates"
    for name, one in new.objectives.items():
        before = old.objectives.get(name)
        if before is None:
            yield f"objectives.{name}: is new: {one.target} of its requests good"
        else:
            yield from (f"objectives.{name}.{what}" for what in _objective(before, one))


def _objective(old: Objective, new: Objective) -> Iterator[str]:
    if old.target != new.target:
        points = abs(new.target.target - old.target.target) * 100
        way = "tighter" if new.target.target > old.target.target else "looser"
        unit = "point" if points == 1 else "points"
        times = float(new.target.allowance / old.target.allowance)
        yield (
            f"target: {old.target} becomes {new.target}: {float(points):g} {unit} {way},"
            f" {digits(times)} times as many requests may be bad"
        )
    if old.window != new.window:
        yield "window: the budget is for another span; what is left of it changes at once"
    for field, effect in (
        ("valid", "other requests count"),
        ("good", "other requests are good"),
        ("prometheus", "other counters count"),
    ):
        if getattr(old, field) != getattr(new, field):
            yield f"{field}: {effect}, also in history: all of it is counted again"
    if old.description != new.description:
        yield "description: reads otherwise; nothing is counted otherwise"


def _modes(old: ObjectiveDocument, new: ObjectiveDocument) -> Iterator[str]:
    if old.mode != new.mode:
        says = "may say no" if new.mode == "enforce" else "only says what it would have decided"
        yield f"mode: {old.mode} becomes {new.mode}: the gate {says}"


def _others(old: ObjectiveDocument, new: ObjectiveDocument) -> Iterator[str]:
    for name, field in ObjectiveDocument.model_fields.items():
        if name not in _IN_WORDS and getattr(old, name) != getattr(new, name):
            yield f"{field.alias or name}: is written otherwise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What one objective would have gone through in a quarter."""

    windows: int
    """Those that passed whole: of rolling ones one a week."""
    overspent: int
    latest: float | None
    """The share of its budget that the latest window used, whole or not; None without requests."""
    valid: int
    """Requests of the quarter, on whole days."""
    bad: int


def lived_through(
    old: Mapping[str, Lived], new: Mapping[str, Lived], first: date, last: date
) -> list[str]:
    """What a change would have meant from `first` to `last`, a sentence an objective it touches."""
    said = [
        f"objectives.{name}: on the last quarter's traffic ({first} to {last}),"
        f" {_windows_said(old.get(name), one)}{_counts_said(old.get(name), one)}."
        for name, one in new.items()
        if old.get(name) != one
    ]
    if not said:
        return [f"On the last quarter's traffic ({first} to {last}), no budget would differ."]
    return said


def _windows_said(old: Lived | None, new: Lived) -> str:
    if new.latest is None:
        return "no request would count"
    if not new.windows:
        now = used(new.latest)
        before = f" instead of {used(old.latest)}" if old and old.latest is not None else ""
        return f"no whole window has passed; to date it would have used {now}{before}"
    before = f" instead of {old.overspent} of {old.windows}" if old and old.windows else ""
    windows = "window" if new.windows == 1 else "windows"
    return f"{new.overspent} of {new.windows} {windows} would have been overspent{before}"


def _counts_said(old: Lived | None, new: Lived) -> str:
    if old is None or (old.valid, old.bad) == (new.valid, new.bad):
        return f"; {new.bad:,} of {new.valid:,} requests were bad"
    return (
        f"; {new.bad:,} of {new.valid:,} requests would have been bad instead of"
        f" {old.bad:,} of {old.valid:,}"
    )
