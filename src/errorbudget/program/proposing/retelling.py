"""What does a backtest say? Windows, alerts and changes in words, against what people know."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any, Final

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ledger.window import minute_ceil, minute_floor
from errorbudget.objective.proposal.wording import listed, used
from errorbudget.program.proposing.replay import MOST_EXPLAINED, Backtest, Judged, Point, Told

_LATE: Final = 60
"""Minutes after an incident's end in which an alert still is about it."""
_FANTASY: Final = 2.0
"""A usual window that uses more of its budget was never on target."""
_TRIVIAL: Final = 0.1
"""A target whose worst window uses less asks nothing of anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An incident that people know of."""

    name: str
    start: datetime
    end: datetime

    def covers(self, at: datetime) -> bool:
        """Whether an alert at this moment is about it."""
        return self.start <= at and minute_floor(at) <= minute_ceil(self.end) + _LATE


def known_incidents(told: Sequence[Any]) -> list[Known]:
    """Incidents from a list of `{"name", "from", "to"}`. Raises Failure, located."""
    return [_known(number, one) for number, one in enumerate(told, 1)]


def _known(number: int, one: Any) -> Known:
    try:
        start, end = (clock.parse(one[edge]) for edge in ("from", "to"))
        name = str(one.get("name") or f"incident {number}")
    except (KeyError, TypeError, ValueError, AttributeError) as cause:
        raise Failure(
            f"--incidents: incident {number}: {cause};"
            ' write {"name": …, "from": TIME, "to": TIME}'
        ) from cause
    if end < start:
        raise Failure(f"--incidents: incident {number} ({name}): ends before it starts")
    return Known(name=name, start=start, end=end)


def retold(test: Backtest, known: Sequence[Known] | None = None) -> dict[str, Any]:
    """A backtest as JSON has it, sentences included."""
    objectives = test.document.objectives
    return {
        "service": test.document.name,
        "from": clock.text(test.since),
        "to": clock.text(test.until),
        "objectives": {
            name: {"target": str(promise.target), **_counted(test.windows(name))}
            for name, promise in objectives.items()
        },
        "alerts": [one.as_dict() for one in test.told],
        "windows": [one.as_dict() for name in objectives for one in test.windows(name)],
        "curve": [one.as_dict() for one in test.points],
        "changes": {
            "judged": len(test.judged),
            "early": sum(one.early for one in test.judged),
            "classified": _ruled([one for one in test.judged if one.classified]),
            "unclassified": _ruled([one for one in test.judged if not one.classified]),
            "blocked": [one.as_dict() for one in test.judged if one.is_held],
        },
        "incidents": None if known is None else _against(test, known),
        "sentences": _sentences(test, known),
        "warnings": [line for name in objectives for line in _warnings(test, name)],
    }


def compared(one: dict[str, Any], other: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What two backtests say of the same things: what, the one's, the other's."""
    rows: list[tuple[str, str, str]] = []
    names = dict.fromkeys([*one["objectives"], *other["objectives"]])
    for name in names:
        for what in ("target", "windows", "overspent", "median_use", "worst_use"):
            first, second = (_cell(told["objectives"].get(name), what) for told in (one, other))
            rows.append((f"{name}: {_LABELS[what]}", first, second))
    levels = ("fire", "warn")
    rows += [(f"alerts: {level}", _count(one, level), _count(other, level)) for level in levels]
    return [*rows, ("changes held back", _held(one), _held(other))]


def _count(told: dict[str, Any], level: str) -> str:
    return str(sum(a["level"] == level and a["kind"] != "resolved" for a in told["alerts"]))


def _held(told: dict[str, Any]) -> str:
    return f"{len(told['changes']['blocked'])} of {told['changes']['judged']}"


_LABELS = {
    "target": "target",
    "windows": "whole windows",
    "overspent": "of those overspent",
    "median_use": "budget used, usual window",
    "worst_use": "budget used, worst window",
}


def _cell(told: dict[str, Any] | None, what: str) -> str:
    value = told.get(what) if told else None
    if value is None:
        return "–"
    return f"{value:.0%}" if what.endswith("_use") else str(value)


def _use(point: Point) -> float | None:
    remaining = point.budget.remaining
    return None if remaining is None else float(1 - remaining)


def _counted(windows: Sequence[Point]) -> dict[str, Any]:
    uses = [share for one in windows if (share := _use(one)) is not None]
    return {
        "windows": len(uses),
        "overspent": sum(share > 1 for share in uses),
        "median_use": round(median(uses), 4) if uses else None,
        "worst_use": round(max(uses), 4) if uses else None,
    }


def _ruled(changes: Sequence[Judged]) -> dict[str, int]:
    return {"judged": len(changes), "blocked": sum(one.is_held for one in changes)}


def _loud(test: Backtest) -> list[Told]:
    return [one for one in test.told if one.is_news]


def _against(test: Backtest, known: Sequence[Known]) -> dict[str, Any]:
    """Known incidents against the alerts: which were missed, and which pages were about none."""
    loud = _loud(test)
    missed = [one for one in known if not any(one.covers(told.at) for told in loud)]
    false = [
        one
        for one in loud
        if one.level == "fire" and not any(incident.covers(one.at) for incident in known)
    ]
    return {
        "known": len(known),
        "missed": [
            {"name": one.name, "from": clock.text(one.start), "to": clock.text(one.end)}
            for one in missed
        ],
        "false": [one.as_dict() for one in false],
    }


def _sentences(test: Backtest, known: Sequence[Known] | None) -> list[str]:
    said = [
        f"{test.document.name}, from {test.since:%Y-%m-%d} to {test.until:%Y-%m-%d}:"
        f" {len(test.document.objectives)} objective"
        f"{'s' if len(test.document.objectives) > 1 else ''} replayed."
    ]
    for name, promise in test.document.objectives.items():
        said.append(_windows_said(name, str(promise.target), test, _counted(test.windows(name))))
    loud = _loud(test)
    pages = sum(one.level == "fire" for one in loud)
    said.append(
        f"Alerts that would have gone out: {pages} page{'' if pages == 1 else 's'} and"
        f" {len(loud) - pages} warning{'' if len(loud) - pages == 1 else 's'}."
    )
    if len(loud) > MOST_EXPLAINED:
        said.append(f"What was broken is told of the {MOST_EXPLAINED} loudest of them.")
    said += _changes_said(test)
    if known is not None:
        said += _known_said(_against(test, known))
    return said


def _changes_said(test: Backtest) -> Iterator[str]:
    """What the policy would have said, of changes whose risk is known and of the others apart."""
    if not test.judged:
        yield "No change was recorded in that time, so its policy had nothing to judge."
        return
    held = [one for one in test.judged if one.is_held]
    yield f"Its policy would have blocked {len(held)} of {len(test.judged)} changes."
    classified, others = (
        _ruled([one for one in test.judged if one.classified == known]) for known in (True, False)
    )
    if classified["judged"] and others["judged"]:
        yield (
            f"Of the {classified['judged']} whose risk is known it is {classified['blocked']}, of"
            f" the {others['judged']} others {others['blocked']}."
        )
    if others["blocked"]:
        yield (
            f"{others['blocked']} of those blocked never came to the gate, so nobody knows what"
            " they touched, and they count as high risk; with a diff most would be classed lower."
        )
    if early := sum(one.early for one in held):
        yield (
            f"{early} of those blocked came before a whole window had passed: with so few requests"
            " yet, each failure weighed more than it would later."
        )


def _windows_said(name: str, target: str, test: Backtest, counts: dict[str, Any]) -> str:
    if not counts["windows"]:
        points = [one for one in test.points if one.objective == name]
        share = _use(points[-1]) if points else None
        so_far = "" if share is None else f"; so far {used(share, 'the budget')} is used"
        return f"{name} at {target}: no whole window has passed yet{so_far}."
    return (
        f"{name} at {target}: {counts['overspent']} of {counts['windows']} windows overspent;"
        f" half of them used {used(counts['median_use'])} or less, the worst"
        f" {used(counts['worst_use'])}."
    )


def _known_said(told: dict[str, Any]) -> list[str]:
    missed = [one["name"] for one in told["missed"]]
    found = told["known"] - len(missed)
    line = f"Of {told['known']} known incidents {found} would have been told of"
    said = [f"{line}; missed: {listed(missed)}." if missed else f"{line}."]
    if told["false"]:
        count = len(told["false"])
        said.append(
            f"{count} page{'' if count == 1 else 's'} would have been about no known incident."
        )
    return said


def _warnings(test: Backtest, name: str) -> list[str]:
    """Targets that history makes a fantasy, or trivial."""
    target = str(test.document.objectives[name].target)
    points = test.windows(name) or [one for one in test.points if one.objective == name][-1:]
    uses = [share for one in points if (share := _use(one)) is not None]
    if not uses:
        return []
    budget = points[-1].budget
    kept = f"{float(1 - budget.bad / max(budget.valid, 1)):.4%}".rstrip("0").rstrip(".%") + " %"
    if median(uses) > _FANTASY:
        return [
            f"{name}: {target} is a fantasy: a usual window uses {used(median(uses))}, and the last"
            f" one had {kept} good. It would be overspent always, and soon nobody would care."
        ]
    allowed = budget.allowed
    if max(uses) < _TRIVIAL and allowed is not None and allowed >= 10:
        return [
            f"{name}: {target} is trivial: the worst window used {used(max(uses))}, and"
            f" the last one had {kept} good. It would never say no; promise more."
        ]
    return []
