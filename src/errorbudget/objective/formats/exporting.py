"""Our documents as OpenSLO v1, as Sloth and as Prometheus rules; what is left out is named."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from errorbudget.errors import DocumentInvalid, Failure
from errorbudget.objective.document import Calendar, Objective, ObjectiveDocument, Rolling
from errorbudget.objective.formats import rules
from errorbudget.objective.formats.emitting import as_yaml
from errorbudget.objective.formats.imported import span
from errorbudget.objective.layout import lay_out
from errorbudget.objective.promql import is_selector

_COUNTED: Final = re.compile(r"sum\s*\(\s*increase\s*\(([^\[\]]*)\[\s*\$window\s*\]\s*\)\s*\)")
_VALUE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_CALENDAR: Final = {"month": "1M", "quarter": "1Q", "year": "1Y"}
_ALWAYS: Final = {"api_version", "kind", "service", "pooled", "name", "objectives", "description"}
_SAID: Final = {
    "openslo": {"labels", "requests"},
    "sloth": {"labels", "requests"},
    "prometheus": {"requests", "burn", "runbook", "labels"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The text of the other tool's file, and a located line for each thing that it cannot say."""

    text: str
    warnings: tuple[str, ...]


def exported(
    document: ObjectiveDocument, body: str, to: str, *, file: str, strict: bool = False
) -> Exported:
    """A document as another tool reads it. Raises DocumentInvalid, located; Failure."""
    if to not in _WAYS:
        raise Failure(f"--to {to}: write one of {', '.join(_WAYS)}")
    layout = lay_out(body)
    warnings = [
        f"{file}:{layout.line(place)}: {'.'.join(place)}: {what}"
        for place, what in _unsaid(document, to)
    ]
    if strict and warnings:
        raise DocumentInvalid(*warnings)
    if to != "openslo":
        _refuse_sql(document, file, lambda name: layout.line(("objectives", name)), to)
    return Exported(text=_WAYS[to](document), warnings=tuple(warnings))


def _refuse_sql(
    document: ObjectiveDocument, file: str, line: Callable[[str], int], to: str
) -> None:
    wrong = [name for name, one in document.objectives.items() if one.prometheus is None]
    if wrong:
        why = (
            f"counts with SQL over requests, which {to} does not have: name the counters that count"
            " the same, as `prometheus: {valid: …, bad: …}`, in a copy of the document, or leave"
            " the alerts to `errorbudget serve`, whose /metrics gives them to Prometheus"
        )
        raise DocumentInvalid(*(f"{file}:{line(one)}: objectives.{one}: {why}" for one in wrong))


def _unsaid(document: ObjectiveDocument, to: str) -> Iterator[tuple[tuple[str, ...], str]]:
    fields = type(document).model_fields
    for name in fields:
        if name in document.model_fields_set - _ALWAYS - _SAID[to]:
            yield (fields[name].alias or name,), f"cannot be said to {to}, and is left out"
    if to == "openslo":
        yield from _unlabelled(document)
    for name, one in document.objectives.items():
        place = ("objectives", name, "window")
        if isinstance(one.window, Calendar) and one.window.carry_debt:
            yield place, f"carries debt over, which cannot be said to {to}"
        if to != "openslo" and not isinstance(one.window, Rolling):
            yield place, f"is of the calendar; {to} gets the last {_days(one)} days"
        elif to == "sloth":
            yield place, "is Sloth's --default-slo-period, and stands in no file"


def _unlabelled(document: ObjectiveDocument) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, text in document.labels.items():
        if not _valued(text):
            yield ("labels", name), f"{text!r} is no label of openslo, and is left out"


def _days(objective: Objective) -> int:
    return rules.minutes(objective) // 1440


def _openslo(document: ObjectiveDocument) -> str:
    service = _label(document.service or document.name)
    about = {"description": document.description} if document.description else {}
    known = {name: value for name, text in document.labels.items() if (value := _valued(text))}
    labels = {"labels": known} if known else {}
    documents: list[dict[str, Any]] = [
        {
            "apiVersion": "openslo/v1",
            "kind": "Service",
            "metadata": {"name": service, **labels},
            "spec": about or {"description": f"The service {document.name}"},
        }
    ]
    for name, one in document.objectives.items():
        shown = {"description": one.description[:1050]} if one.description else {}
        documents.append(
            {
                "apiVersion": "openslo/v1",
                "kind": "SLO",
                "metadata": {"name": _label(f"{service}-{name}")},
                "spec": {
                    **shown,
                    "service": service,
                    "indicator": {
                        "metadata": {"name": _label(f"{service}-{name}-sli")},
                        "spec": {"ratioMetric": _ratio(one)},
                    },
                    "timeWindow": [_window(one)],
                    "budgetingMethod": "Occurrences",
                    "objectives": [{"target": _decimal(one.target.target)}],
                },
            }
        )
    return "---\n".join(map(as_yaml, documents))


def _ratio(objective: Objective) -> dict[str, Any]:
    counters = objective.prometheus
    if counters is None:
        total = {"valid": objective.valid or "TRUE"}
        return {
            "counter": False,
            "good": _metric("errorbudget", {**total, "good": objective.good}),
            "total": _metric("errorbudget", total),
        }
    side, counted = ("good", counters.good) if counters.good else ("bad", counters.bad)
    texts = {side: _plain(counted or ""), "total": _plain(counters.valid)}
    grows = all(is_selector(text) for text in texts.values())
    made = {
        name: _metric("Prometheus", {"query": _every_minute(text, grows=grows)})
        for name, text in texts.items()
    }
    return {"counter": grows, **made}


def _metric(kind: str, spec: dict[str, str]) -> dict[str, Any]:
    return {"metricSource": {"type": kind, "spec": spec}}


def _plain(text: str) -> str:
    """The selector in a query that only counts its increase."""
    found = _COUNTED.fullmatch(text)
    return found[1].strip() if found and is_selector(found[1].strip()) else text


def _every_minute(text: str, *, grows: bool) -> str:
    if grows:
        return text
    return rules.over(text, "1m")


def _window(objective: Objective) -> dict[str, Any]:
    window = objective.window
    if isinstance(window, Rolling):
        return {"duration": span(window.minutes), "isRolling": True}
    # OpenSLO's schema wants an area and a place.
    zone = "Etc/UTC" if window.timezone == "UTC" else window.timezone
    calendar = {"startTime": "2024-01-01 00:00:00", "timeZone": zone}
    return {"duration": _CALENDAR[window.unit], "isRolling": False, "calendar": calendar}


def _label(text: str) -> str:
    """A name as a DNS label."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-") or "service"


def _valued(text: str) -> str | list[str] | None:
    """A label as OpenSLO has it, `a,b` as a list of two; None for what it does not allow."""
    values = text.split(",")
    if not all(_VALUE.fullmatch(one) for one in values):
        return None
    return values if len(values) > 1 else text


def _decimal(share: Fraction) -> Decimal:
    return Decimal(share.numerator) / Decimal(share.denominator)


def _sloth(document: ObjectiveDocument) -> str:
    slos = [
        {
            "name": name,
            "objective": _decimal(one.target.target * 100),
            **({"description": one.description} if one.description else {}),
            "sli": {"events": _events(one)},
            "alerting": {
                "name": "ErrorBudgetBurn",
                "page_alert": {"labels": {"severity": "page"}},
                "ticket_alert": {"labels": {"severity": "ticket"}},
            },
        }
        for name, one in document.objectives.items()
    ]
    labels = {"labels": dict(document.labels)} if document.labels else {}
    service = document.service or document.name
    return as_yaml({"version": "prometheus/v1", "service": service, **labels, "slos": slos})


def _events(objective: Objective) -> dict[str, str]:
    bad, valid = rules.counted(objective, "{{.window}}")
    return {"error_query": bad, "total_query": valid}


_WAYS: Final = {"openslo": _openslo, "sloth": _sloth, "prometheus": rules.text}
