"""Prometheus rules whose budgets are weighed by requests.

A budget over the window is a sum of increases, never a mean of ratios: a night with few requests
counts for as much as its requests do.
"""

import re
from typing import Any, Final

from errorbudget.objective.document import BurnTier, Objective, ObjectiveDocument, Rolling
from errorbudget.objective.formats.emitting import as_yaml
from errorbudget.objective.formats.imported import span
from errorbudget.objective.promql import is_selector

_STEP: Final = "5m"
"""How often increases are recorded, each over just that time: they add up to the window.

They are read back at that step, so that a server that evaluates more often counts nothing twice.
"""
_CALENDAR: Final = {"month": 30, "quarter": 90, "year": 365}


def text(document: ObjectiveDocument) -> str:
    """A rule file with two groups an objective: what was spent, and how fast it burns."""
    groups = [
        group
        for name, one in document.objectives.items()
        for group in (_spent(document, name, one), _burning(document, name, one))
    ]
    return as_yaml({"groups": groups})


def minutes(objective: Objective) -> int:
    """The length of the window; a calendar one's is that of its rolling twin."""
    window = objective.window
    return window.minutes if isinstance(window, Rolling) else _CALENDAR[window.unit] * 1440


def over(query: str, window: str) -> str:
    """A query of a document over a range; one number."""
    if is_selector(query):
        return f"sum(increase({query}[{window}]))"
    return f"sum({query.replace('$window', window)})"


def counted(objective: Objective, window: str) -> tuple[str, str]:
    """Bad and valid over a range. Bad is 0 where there are valid requests and no bad one yet."""
    counters = objective.prometheus
    if counters is None:
        raise ValueError("only objectives with PromQL can be counted by Prometheus")
    valid = over(counters.valid, window)
    side = over(counters.bad or counters.good or "", window)
    filled = f"({side} or 0 * {valid})"
    return (filled if counters.bad else f"({valid} - {filled})"), valid


def _spent(document: ObjectiveDocument, name: str, objective: Objective) -> dict[str, Any]:
    bad, valid = counted(objective, _STEP)
    labels, window = _labels(document, name), span(minutes(objective))
    matched = f'{{service={_quoted(labels["service"])},objective="{name}"}}'
    allowance = _number(objective.target.allowance)
    return {
        "name": f"errorbudget-{labels['service']}-{name}-budget",
        "interval": _STEP,
        "rules": [
            _record(f"errorbudget:bad:increase{_STEP}", bad, labels),
            _record(f"errorbudget:valid:increase{_STEP}", valid, labels),
            *(
                _record(
                    f"errorbudget:{side}:window",
                    f"sum_over_time(errorbudget:{side}:increase{_STEP}{matched}[{window}:{_STEP}])",
                    {},
                )
                for side in ("bad", "valid")
            ),
            _record(
                "errorbudget:remaining:ratio",
                f"1 - errorbudget:bad:window{matched}"
                f" / ({allowance} * (errorbudget:valid:window{matched} > 0))",
                {},
            ),
        ],
    }


def _burning(document: ObjectiveDocument, name: str, objective: Objective) -> dict[str, Any]:
    labels, burn = _labels(document, name), document.burn
    horizons = sorted({*burn.fire.horizons, *burn.warn.horizons, *burn.drift.horizons})
    allowance = _number(objective.target.allowance)
    rules: list[dict[str, Any]] = []
    for horizon in horizons:
        bad, valid = counted(objective, span(horizon))
        rate = f"{bad} / ({allowance} * ({valid} > 0))"
        rules.append(_record(f"errorbudget:burn:rate{span(horizon)}", rate, labels))
    tiers = {"fire": burn.fire, "warn": burn.warn, "drift": burn.drift}
    rules += [_alert(document, name, labels, tier, rule) for tier, rule in tiers.items()]
    return {"name": f"errorbudget-{labels['service']}-{name}-burn", "rules": rules}


def _alert(
    document: ObjectiveDocument, name: str, labels: dict[str, str], tier: str, rule: BurnTier
) -> dict[str, Any]:
    matched = f'{{service={_quoted(labels["service"])},objective="{name}"}}'
    horizons = [span(horizon) for horizon in rule.horizons]
    tests = [f"errorbudget:burn:rate{one}{matched} >= {_number(rule.rate)}" for one in horizons]
    target = document.objectives[name].target
    summary = (
        f"{labels['service']}: the budget of {name} ({target}) burns at"
        " {{ $value | humanize }} times its pace"
    )
    runbook = {"runbook_url": document.runbook} if document.runbook else {}
    return {
        "alert": "ErrorBudgetBurn",
        "expr": " or ".join(tests),
        "labels": {"severity": tier},
        "annotations": {"summary": summary, **runbook},
    }


def _labels(document: ObjectiveDocument, name: str) -> dict[str, str]:
    kept = {
        key: value
        for key, value in document.labels.items()
        if re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", key)
    }
    return {**kept, "service": document.service or document.name, "objective": name}


def _record(name: str, expression: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"record": name, "expr": expression, **({"labels": labels} if labels else {})}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _number(ratio: Any) -> str:
    return f"{float(ratio):.12g}"
