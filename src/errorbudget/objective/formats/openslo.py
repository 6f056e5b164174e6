"""OpenSLO: v1 and v2alpha; v1alpha, which Sloth reads, is beside.

https://github.com/OpenSLO/OpenSLO
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from errorbudget.objective.formats import openslo_alpha, queries
from errorbudget.objective.formats.foreign import Node
from errorbudget.objective.formats.imported import (
    Draft,
    Import,
    LeftOut,
    folded,
    labels,
    rolling,
    target,
)
from errorbudget.objective.notation import timezone

_DURATION: Final = re.compile(r"([0-9]+)([mhdwMQY])")
_MINUTES: Final = {"m": 1, "h": 60, "d": 1440, "w": 10080, "M": 43200, "Q": 129600, "Y": 525600}
_CALENDAR: Final = {"1M": "month", "3M": "quarter", "1Q": "quarter", "12M": "year", "1Y": "year"}
_VERSIONS: Final = ("openslo/v1", "openslo.com/v2alpha")


@dataclass(frozen=True, slots=True)
class _File:
    """What an SLO may refer to in the same file."""

    found: Import
    indicators: Mapping[str, Node]
    sources: Mapping[str, Node]


def take(found: Import, roots: list[Node]) -> None:
    """Take every objective of a file in; what they refer to must be in the file too."""
    file = _File(found, _named(roots, "SLI"), _named(roots, "DataSource"))
    for root in roots:
        version, kind = root.text("apiVersion"), root.text("kind")
        if version == "openslo/v1alpha":
            openslo_alpha.take(found, root)
        elif version not in _VERSIONS:
            root.settle()
            found.warn(root.at("apiVersion"), f'"{version}" is no version of OpenSLO; left out')
        elif kind == "SLO":
            _slo(file, root)
        elif kind == "Service":
            _service(found, root)
        elif kind not in ("SLI", "DataSource"):
            _other(found, root, kind)
    for root in roots:
        found.leave(root)


def _named(roots: list[Node], kind: str) -> dict[str, Node]:
    return {
        root.text("metadata", "name"): root
        for root in roots
        if root.text("kind") == kind and root.text("apiVersion") in _VERSIONS
    }


def _service(found: Import, root: Node) -> None:
    service = found.of(root.text("metadata", "name"))
    shown = folded(root.get("spec", "description")) or root.text("metadata", "displayName")
    service.description = shown
    service.labels.update(labels(root.get("metadata", "labels")))


def _other(found: Import, root: Node, kind: str) -> None:
    operator = root.text("spec", "condition", "op")
    if operator in ("lt", "lte"):
        where = root.at("spec", "condition", "op")
        found.warn(where, f"{operator} alerts while the burn is low, which nobody can mean")
    root.settle()
    name = root.text("metadata", "name")
    why = " (`burn:` and `notify:` are the rules here)" if kind.startswith("Alert") else ""
    found.warn(root.at("kind"), f"{kind} {name} has no equal here{why}, and is left out")


def _slo(file: _File, root: Node) -> None:
    found = file.found
    name = root.text("metadata", "name")
    service = root.text("spec", "service") or root.text("spec", "serviceRef") or name
    try:
        window = _window(found, root)
        _methods(found, root)
    except LeftOut as why:
        root.settle()
        found.warn(why.node, why.what)
        return
    titles = [root.text("metadata", "displayName"), folded(root.get("spec", "description"))]
    objectives = root.items("spec", "objectives")
    for number, objective in enumerate(objectives):
        called, part = name, objective.text("displayName")
        if len(objectives) > 1:
            called = f"{name}-{(part or str(number + 1)).lower().replace(' ', '-')}"
        try:
            draft = Draft(
                name=called,
                description=": ".join(dict.fromkeys(filter(None, (*titles, part)))),
                queries=_queries(file, root, objective),
                target=_target(objective),
                window=window,
            )
        except LeftOut as why:
            objective.settle()
            found.warn(why.node, why.what)
            continue
        found.add(service, draft, root.at("metadata", "name"))


def _methods(found: Import, root: Node) -> None:
    method = root.text("spec", "budgetingMethod")
    where = root.at("spec", "budgetingMethod")
    if method not in ("", "Occurrences"):
        found.warn(where, f"{method}: budgets here are of requests and never of slices of time")


def _target(objective: Node) -> Fraction:
    share, percent = objective.number("target"), objective.number("targetPercent")
    if share is not None:
        return target(objective.at("target"), share * 100)
    return target(objective.at("targetPercent"), percent)


def _window(found: Import, root: Node) -> str:
    windows = root.items("spec", "timeWindow")
    if not windows and not found.window:
        raise LeftOut(root.at("spec"), "has no timeWindow (--window says one); left out")
    if not windows:
        return f"{{rolling: {found.window}}}"
    window = windows[0]
    for more in windows[1:]:
        more.settle()
        found.warn(more, "is a second window; the first counts")
    text, where = window.text("duration"), window.at("duration")
    match = _DURATION.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise LeftOut(where, f'"{text}" is no duration as 28d or 1M; left out')
    if match[2] == "m":
        found.warn(where, f"{text} is minutes; a month is 1M")
    rolls = window.text("isRolling") == "true"
    if rolls or window.get("calendar") is None:
        if match[2] in "MQY":
            found.warn(where, f"{text} rolling is {int(match[1]) * _MINUTES[match[2]] // 1440} d")
        return rolling(int(match[1]) * _MINUTES[match[2]])
    return _calendar(found, window, text, int(match[1]) * _MINUTES[match[2]])


def _calendar(found: Import, window: Node, text: str, minutes: int) -> str:
    zone, start = window.text("calendar", "timeZone") or "UTC", window.at("calendar", "startTime")
    began = window.text("calendar", "startTime")
    unit = _CALENDAR.get(text)
    if unit is None:
        found.warn(window.at("duration"), f"{text} of a calendar becomes rolling here")
        return rolling(minutes)
    first = {"month": r"\d{4}-\d\d-01", "quarter": r"\d{4}-(?:01|04|07|10)-01"}
    if not re.match(first.get(unit, r"\d{4}-01-01") + r"(?:[ T]00:00(?::00)?|$)", began):
        found.warn(start, f"starts at {began}; a {unit} here begins on its first day at 00:00")
    try:
        return f"{{calendar: {unit}, timezone: {timezone(zone)}}}"
    except ValueError as cause:
        raise LeftOut(window.at("calendar", "timeZone"), f"{cause}; left out") from None


def _queries(file: _File, root: Node, objective: Node) -> dict[str, str]:
    indicator = _indicator(file, root, objective)
    ratio, threshold = (
        indicator.get("spec", "ratioMetric"),
        indicator.get("spec", "thresholdMetric"),
    )
    if threshold:
        return _threshold(file, threshold, objective)
    operator = objective.text("op")
    if operator and ratio:
        file.found.warn(objective.at("op"), "says nothing of a ratio, and is left out")
    if ratio is None:
        raise LeftOut(indicator, "has neither ratioMetric nor thresholdMetric; left out")
    if ratio.get("raw"):
        raise LeftOut(ratio.at("raw"), "is a ratio that no longer knows its requests; left out")
    side = "good" if ratio.get("good") else "bad"
    grows = ratio.text("counter") == "true"
    return {
        name: _query(file, ratio, part, grows=grows)
        for name, part in ((side, side), ("valid", "total"))
    }


def _indicator(file: _File, root: Node, objective: Node) -> Node:
    for place in (objective, root.get("spec") or root):
        for name in ("indicator", "sli"):
            if inline := place.get(name):
                inline.get("metadata", "name")
                return inline
            if reference := place.text(f"{name}Ref"):
                if reference in file.indicators:
                    known = file.indicators[reference]
                    known.get("metadata", "name")
                    return known
                why = f"refers to {reference}, which is not in this file; left out"
                raise LeftOut(place.at(f"{name}Ref"), why)
    raise LeftOut(root.at("spec"), "has no indicator; the objective is left out")


def _query(file: _File, ratio: Node, part: str, *, grows: bool) -> str:
    source = ratio.get(part, "metricSource") or ratio.get(part)
    if source is None:
        raise LeftOut(ratio, f"has no {part}; the objective is left out")
    node = _prometheus(file, source)
    make = queries.counters if grows else queries.samples
    return make(file.found, node)


def _prometheus(file: _File, source: Node) -> Node:
    """The query of a metric source that is Prometheus. Raises LeftOut for any other."""
    reference = source.text("metricSourceRef") or source.text("dataSourceRef")
    kind = source.text("type") or source.text("dataSourceSpec", "type")
    if not kind and reference in file.sources:
        kind = file.sources[reference].text("spec", "type")
    query = source.get("spec", "query") or source.get("spec", "promql")
    if kind.lower() not in ("", "prometheus") or query is None:
        where = source.at("type") if kind else source
        raise LeftOut(where, f"{kind or reference or 'it'} is not PromQL; left out")
    if not kind:
        file.found.warn(source, "names no type; taken as Prometheus")
    return query


_OPERATORS: Final = {"lte": "<=", "lt": "<", "gte": ">=", "gt": ">"}


def _threshold(file: _File, threshold: Node, objective: Node) -> dict[str, str]:
    node = _prometheus(file, threshold.get("metricSource") or threshold)
    operator, value = objective.text("op"), objective.number("value")
    if operator not in _OPERATORS or value is None:
        raise LeftOut(objective.at("op"), "has no op and value to compare with; left out")
    text = queries.one_line(str(node.value))
    file.found.warn(threshold, "is a value over time: minutes are counted, not requests")
    good = f"(({text}) {_OPERATORS[operator]} bool {Decimal(value):f})"
    return {
        "good": f"sum_over_time({good}[$window:1m])",
        "valid": f"count_over_time(({text})[$window:1m])",
    }
