"""OpenSLO v1alpha: objectives that hold their own metrics, and windows in words."""

from fractions import Fraction
from typing import Final

from errorbudget.objective.formats import queries
from errorbudget.objective.formats.foreign import Node
from errorbudget.objective.formats.imported import Draft, Import, LeftOut, folded, rolling, target

_DAYS: Final = {"Day": 1, "Week": 7, "Month": 30, "Quarter": 90, "Year": 365}
_CALENDAR: Final = {"Month": "month", "Quarter": "quarter", "Year": "year"}


def take(found: Import, root: Node) -> None:
    """Take one document in."""
    kind, name = root.text("kind"), root.text("metadata", "name")
    if kind == "Service":
        shown = folded(root.get("spec", "description")) or root.text("metadata", "displayName")
        found.of(name).description = shown
        return
    if kind != "SLO":
        root.settle()
        found.warn(root.at("kind"), f"{kind} {name} has no equal here, and is left out")
        return
    objectives = root.items("spec", "objectives")
    for number, objective in enumerate(objectives, 1):
        titles = (
            root.text("metadata", "displayName"),
            folded(root.get("spec", "description")),
            objective.text("displayName"),
        )
        try:
            draft = Draft(
                name=name if len(objectives) == 1 else f"{name}-{number}",
                description=": ".join(dict.fromkeys(filter(None, titles))),
                queries=_queries(found, root, objective),
                target=_target(objective),
                window=_window(found, root),
            )
        except LeftOut as why:
            objective.settle()
            found.warn(why.node, why.what)
            continue
        method = root.text("spec", "budgetingMethod")
        if method not in ("", "Occurrences"):
            where = root.at("spec", "budgetingMethod")
            found.warn(where, f"{method}: budgets here are of requests and never of slices")
        found.add(root.text("spec", "service") or name, draft, root.at("metadata", "name"))


def _target(objective: Node) -> Fraction:
    share = objective.number("target")
    return target(objective.at("target"), None if share is None else share * 100)


def _queries(found: Import, root: Node, objective: Node) -> dict[str, str]:
    ratio = objective.get("ratioMetrics")
    if ratio is None:
        where = root.at("spec", "indicator", "thresholdMetric")
        raise LeftOut(where, "has no ratioMetrics of good and total; the objective is left out")
    grows = ratio.text("incremental") == "true" or ratio.text("counter") == "true"
    side = "good" if ratio.get("good") else "bad"
    make = queries.counters if grows else queries.samples
    for unused in ("op", "value"):
        if found_there := objective.get(unused):
            found.warn(found_there, "says nothing of a ratio, and is left out")
    return {
        name: make(found, _query(ratio, part)) for name, part in ((side, side), ("valid", "total"))
    }


def _query(ratio: Node, part: str) -> Node:
    source, kind = ratio.text(part, "source"), ratio.text(part, "queryType")
    query = ratio.get(part, "query")
    if query is None or (source.lower(), kind.lower()) not in (
        ("prometheus", "promql"),
        ("prometheus", ""),
    ):
        told = f"{source} {kind}".strip() or part
        raise LeftOut(ratio.at(part), f"{told} is not PromQL; the objective is left out")
    return query


def _window(found: Import, root: Node) -> str:
    windows = root.items("spec", "timeWindows")
    if not windows and found.window:
        return f"{{rolling: {found.window}}}"
    if not windows:
        raise LeftOut(root.at("spec"), "has no timeWindows (--window says one); left out")
    window = windows[0]
    unit, count = window.text("unit"), window.number("count")
    if unit not in _DAYS or not count or count != int(count) or count < 0:
        raise LeftOut(window, f"{count} {unit} is no window of days; left out")
    if window.text("isRolling") != "true" and unit in _CALENDAR and count == 1:
        zone = window.text("calendar", "timeZone") or "UTC"
        return f"{{calendar: {_CALENDAR[unit]}, timezone: {zone}}}"
    days = _DAYS[unit] * int(count)
    if unit in _CALENDAR:
        found.warn(window.at("unit"), f"{count} {unit} is {days} d here")
    return rolling(days * 1440)
