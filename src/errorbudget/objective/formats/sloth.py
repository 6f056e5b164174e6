"""Sloth's `prometheus/v1`, its PrometheusServiceLevel and AlertWindows.

https://sloth.dev/specs/default/ and https://sloth.dev/usage/slo-period-windows/
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from errorbudget.objective.formats import queries
from errorbudget.objective.formats.foreign import Node
from errorbudget.objective.formats.imported import (
    Draft,
    Import,
    LeftOut,
    folded,
    labels,
    rolling,
    span,
    target,
)

_PERIOD: Final = "30d"
"""Sloth's own, where nobody says otherwise."""
_DURATION: Final = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+")
_UNITS: Final = {"s": Decimal(1) / 60, "m": 1, "h": 60, "d": 1440, "w": 10080, "y": 525600}
_TIERS: Final = (("fire", ("page", "quick")), ("warn", ("page", "slow")), ("drift", ("ticket",)))


def take(found: Import, roots: list[Node]) -> None:
    """Take every service of a file in."""
    period = found.window
    for root in roots:
        if root.text("kind") == "AlertWindows":
            period = period or _windows(found, root)
    for root in roots:
        kind = root.text("kind")
        root.get("apiVersion")
        if kind == "PrometheusServiceLevel":
            root.get("metadata", "name")
            _service(found, root.get("spec") or root, _camel, period)
        elif root.text("version") == "prometheus/v1":
            _service(found, root, _snake, period)
        elif kind != "AlertWindows":
            root.settle()
            found.warn(root, "is no Sloth document: `version: prometheus/v1`, or its own kinds")
        found.leave(root)


Spelling = Callable[[str], str]


def _snake(name: str) -> str:
    return name


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _service(found: Import, spec: Node, spelled: Spelling, period: str) -> None:
    name = spec.text("service")
    if not name:
        spec.settle()
        found.warn(spec, "names no service; left out")
        return
    found.of(name).labels.update(labels(spec.get("labels")))
    for slo in spec.items("slos"):
        try:
            found.add(name, _draft(found, slo, spelled, period), slo.at("name"))
        except LeftOut as why:
            slo.settle()
            found.warn(why.node, why.what)


def _draft(found: Import, slo: Node, spelled: Spelling, period: str) -> Draft:
    slo.get("sli")
    for kind, why in (
        ("raw", "is a ratio that no longer knows its requests; give events with two queries"),
        ("plugin", "is computed by a Sloth plugin; write the query it makes under events"),
    ):
        if slo.get("sli", kind):
            raise LeftOut(slo.at("sli", kind), f"{why}; the objective is left out")
    bad = slo.get("sli", "events", spelled("error_query"))
    valid = slo.get("sli", "events", spelled("total_query"))
    if bad is None or valid is None:
        raise LeftOut(slo.at("sli"), "has no error and total query; the objective is left out")
    written = {"bad": queries.templated(found, bad), "valid": queries.templated(found, valid)}
    if written["bad"] == written["valid"]:
        raise LeftOut(bad, "is the same as the total query; the objective is left out")
    if not period:
        found.warn(slo.at("name"), f"has no window; {_PERIOD} is Sloth's (--window says another)")
    return Draft(
        name=slo.text("name"),
        description=folded(slo.get("description")),
        queries=written,
        target=target(slo.at("objective"), slo.number("objective")),
        window=f"{{rolling: {period or _PERIOD}}}",
    )


def _windows(found: Import, root: Node) -> str:
    """The period that AlertWindows state; their tiers become the burn rules."""
    spec = root.get("spec")
    root.get("metadata", "name")
    period = minutes(spec.text("sloPeriod")) if spec else None
    if spec is None or period is None:
        root.settle()
        found.warn(root.at("spec", "sloPeriod"), "is no period; the alert windows are left out")
        return ""
    tiers = [line for tier, path in _TIERS if (line := _tier(found, spec, tier, path, period))]
    if tiers:
        found.burn = "burn:\n" + "".join(f"  {line}\n" for line in tiers)
    return span(period)


def _tier(found: Import, spec: Node, tier: str, path: tuple[str, ...], period: int) -> str:
    where = path if len(path) > 1 else (*path, "slow")
    given = spec.get(*where)
    percent = given.number("errorBudgetPercent") if given else None
    long = minutes(given.text("longWindow")) if given else None
    if given is None or not percent or not long:
        return ""
    rate = percent * period / long / 100
    found.warn(
        given,
        f"becomes burn.{tier}: {rate.normalize():f}x over {span(long)};"
        " evidence and not a short window ends it here",
    )
    given.get("shortWindow")
    return f"{tier}: {{rate: {round(rate, 6).normalize():f}, horizons: [{span(long)}]}}"


def minutes(text: str) -> int | None:
    """A Prometheus duration in whole minutes; None for anything else."""
    if not _DURATION.fullmatch(text):
        return None
    parts = re.findall(r"([0-9]+)(ms|[smhdwy])", text)
    total = sum((int(n) * _UNITS.get(unit, Decimal(0)) for n, unit in parts), Decimal(0))
    return int(total) if total >= 1 and total == int(total) else None


def window(node: Node, text: str) -> str:
    """A Prometheus duration as a rolling window. Raises LeftOut."""
    found = minutes(text)
    if found is None:
        raise LeftOut(node, f'"{text}" is no window of whole minutes; the objective is left out')
    return rolling(found)
