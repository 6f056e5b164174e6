"""A review as JSON has it: what every door prints, and nothing that is not in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from errorbudget import clock
from errorbudget.ledger.window import Span, minute_floor
from errorbudget.objective.difference import differences
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.policy.hindsight import Kind
from errorbudget.program.reviewing.records import Learned, Record
from errorbudget.program.reviewing.reviewed import Objective, Subject, largest
from errorbudget.review import sentences
from errorbudget.review.alerting import Alerts, Worth
from errorbudget.review.behaviour import Behaviour, Side, sides, within
from errorbudget.review.composing import CompositeKept
from errorbudget.review.deciding import Decisions
from errorbudget.review.freezing import Held, Seen, first_spent
from errorbudget.review.quarter import Quarter, zone
from errorbudget.review.recalibration import Recalibration
from errorbudget.review.traffic import Traffic
from errorbudget.review.wording import stamp
from errorbudget.store.incidents import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a document that came into force, and the one that it replaced."""

    digest: str
    since: datetime
    before: ObjectiveDocument
    document: ObjectiveDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What is known of one burn."""

    span: Span
    points: Sequence[str]
    """The place, whose requests, the change: what stands out."""
    first: str | None
    """What to look at first; None where too little is known of it."""

    def as_dict(self) -> dict[str, Any]:
        """The cause as JSON has it."""
        return {
            "from": stamp(self.span.start),
            "to": stamp(self.span.end),
            "points": list(self.points),
            "first": self.first,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that the review of one document is told from."""

    subject: Subject
    objectives: Sequence[Objective]
    composites: Sequence[tuple[CompositeKept, CompositeKept | None]]
    """Each with the last quarter's."""
    decisions: Decisions
    held: Held
    seen: Sequence[Seen]
    corrections: Sequence[Record]
    restatements: Sequence[Record]
    approved: Sequence[datetime]
    incidents: Sequence[Incident]
    learned: Sequence[Learned]
    alerts: Sequence[Alerts]
    advice: Mapping[str, Recalibration]
    causes: Mapping[str, Sequence[Cause]]
    traffic: Mapping[str, Traffic]
    versions: Sequence[Version]
    questions: Sequence[Mapping[str, Any]]


def whole(
    quarter: Quarter, services: Sequence[dict[str, Any]], at: datetime, *, alone: bool
) -> dict[str, Any]:
    """The review of these documents together."""
    told = {
        "quarter": str(quarter),
        "as_of": clock.text(at),
        "over": all(one["over"] for one in services),
        "alone": alone,
        "whole": _summed(services),
        "services": list(services),
    }
    return told | {"sentence": sentences.whole(told)}


def document(told: Told, last: dict[str, Any] | None) -> dict[str, Any]:
    """One document's part."""
    subject = told.subject
    objectives = [
        _objective(one, told, (last or {}).get("objectives", {}).get(one.name))
        for one in told.objectives
    ]
    found = {
        "service": subject.document.name,
        "services": list(subject.document.services),
        "digest": subject.digest,
        "timezone": zone(subject.document),
        "from": stamp(subject.span.start),
        "to": stamp(subject.span.end),
        "as_of": stamp(subject.until),
        "over": subject.over,
        "objectives": objectives,
        "composites": [one.as_dict(before) for one, before in told.composites],
        "decisions": told.decisions.as_dict(),
        "freezes": told.held.as_dict() | {"enforced": _enforced(subject)},
        "corrections": [_correction(one) for one in told.corrections],
        "restatements": [{"entry": one.entry, **one.body} for one in told.restatements],
        "incidents": [one.as_dict() for one in told.incidents],
        "postmortems": [one.as_dict() for one in told.learned],
        "actions": _actions(told),
        "alerts": _alerts(told.alerts),
        "behaviour": _behaviour(told),
        "versions": [_version(one) for one in told.versions],
        "queries": list(told.questions),
        "last": None if last is None else {k: v for k, v in last.items() if k != "objectives"},
    }
    return found | {"sentence": sentences.document(found)}


def summary(
    objectives: Sequence[Objective], decisions: Decisions, held: Held
) -> dict[str, Any] | None:
    """A quarter in the few numbers that another is compared with; None where nothing came."""
    if not any(one.kept.valid for one in objectives):
        return None
    return {
        "objectives": {
            one.name: one.kept.as_dict() | {"largest": _number(largest(one))} for one in objectives
        },
        "freezes": {"count": len(held.spent), "days": round(float(held.days), 2)},
        "shipped": len(decisions.ships),
        "approvals": len(decisions.approvals),
        "costly": len([one for one in decisions.ships if one.costs and one.permitted]),
        "ungated": len(decisions.ungated),
    }


def _objective(one: Objective, told: Told, last: dict[str, Any] | None) -> dict[str, Any]:
    days, of = one.overspent
    promise = told.subject.document.objectives[one.name]
    found = {
        "objective": one.name,
        "description": promise.description,
        "target": str(promise.target),
        "window": _window(one),
        **one.kept.as_dict(),
        "meaningful": one.budget.meaningful.value,
        "volume": one.budget.volume,
        "account": one.account.as_dict(),
        "causes": [cause.as_dict() for cause in told.causes[one.name]],
        "reading": {
            "months": [reading.as_dict() for reading in one.readings],
            "overspent_days": days,
            "days": of,
        },
        "traffic": told.traffic[one.name].as_dict(),
        "largest": _number(largest(one)),
        "recalibration": told.advice[one.name].as_dict(),
        "other_targets": _other_targets(one, told.versions),
        "last": last,
    }
    return found | {"sentence": sentences.objective(found)}


def _window(one: Objective) -> dict[str, Any]:
    told = one.budget.as_dict()
    words = sentences.window(one.budget.window)
    return told["window"] | {"words": words, "remaining": told["remaining"]}


def _other_targets(one: Objective, versions: Sequence[Version]) -> list[dict[str, Any]]:
    """What the quarter was by the targets that were in force earlier in it."""
    found: list[dict[str, Any]] = []
    for version in versions:
        before = version.before.objectives.get(one.name)
        if before and before.target.allowance != one.kept.allowance:
            other = replace(one.kept, allowance=before.target.allowance)
            found.append(
                {
                    "target": str(before.target),
                    "until": clock.text(version.since),
                    "verdict": other.verdict.value,
                    "used": _number(other.used),
                }
            )
    return found


def _version(one: Version) -> dict[str, Any]:
    return {
        "digest": one.digest,
        "since": clock.text(one.since),
        "changes": differences(one.before, one.document),
    }


def _correction(one: Record) -> dict[str, Any]:
    return {
        "entry": one.entry,
        "at": clock.text(one.at),
        "as": one.body["as"],
        "requests": len(one.body["request_ids"]),
        "reason": one.body["reason"],
    }


def _enforced(subject: Subject) -> bool:
    """Whether the gate could say no in the quarter."""
    document, bound = subject.document, subject.bound
    gated = document.policy is not None and document.mode.value == "enforce"
    return gated and bound is not None and bound < subject.until


def _actions(told: Told) -> dict[str, Any]:
    """How many action items are done, and which ones are not though they were due."""
    today = stamp(told.subject.until)[:10]
    items = [(one.id, action) for one in told.learned for action in one.actions]
    late = [
        {"postmortem": id_, **action.as_dict()}
        for id_, action in items
        if not action.done and action.due and action.due < today
    ]
    done = sum(action.done for _, action in items)
    return {"done": done, "open": len(items) - done, "overdue": late}


def _alerts(found: Sequence[Alerts]) -> dict[str, Any]:
    judged = [one for alerts in found for one in alerts.judged]
    missed = [one for alerts in found for one in alerts.missed]
    return {
        "sent": len(judged),
        **{worth.value: sum(one.worth is worth for one in judged) for worth in Worth},
        "missed": [
            {
                "kind": one.kind.value,
                "change": one.change,
                "from": stamp(one.start),
                "to": stamp(one.end),
                "bad": one.bad,
            }
            for one in missed
        ],
        "list": [one.as_dict() for one in judged],
    }


def _behaviour(told: Told) -> dict[str, Any] | None:
    """Before and after the worst budget was spent, or first held a usual change up."""
    spent = first_spent(told.seen)
    held = next((one for one in told.held.spent), None)
    at = spent.minute if spent else held.span.start if held else None
    name = spent.objective if spent else held.objective if held else ""
    past = next((one.past for one in told.objectives if one.name == name), None)
    if at is None or past is None:
        return None
    # Where no request came, before the first and after the last, nobody can have done otherwise.
    found = sides(past.part(told.subject.seen).lived, at)
    if found is None:
        return None
    ships = [one.started for one in told.decisions.ships]
    approved = [minute_floor(one) for one in told.approved]
    incidents = [minute_floor(one.started_at) for one in told.incidents]
    before, after = (
        Side(
            span=span,
            deploys=within(span, ships),
            approvals=within(span, approved),
            incidents=within(span, incidents),
            valid=past.within(span)[0],
            bad=past.within(span)[1],
        )
        for span in found
    )
    changed = Behaviour(
        spent=spent is not None, enforced=_enforced(told.subject), before=before, after=after
    )
    return changed.as_dict() | {"objective": name}


def _summed(services: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts over all documents; a request that failed two objectives is in two accounts."""
    objectives = [one for service in services for one in service["objectives"]]
    composed = [one for service in services for one in service.get("composites", ())]
    lines = [line for one in objectives for line in one["account"]["lines"]]
    decisions = [service["decisions"] for service in services]
    return {
        "objectives": len(objectives),
        **{name: sum(one["verdict"] == name for one in objectives) for name in _VERDICTS},
        "composites": {name: sum(one["verdict"] == name for one in composed) for name in _VERDICTS},
        "account": {
            "bad": sum(one["account"]["bad"] for one in objectives),
            **{
                kind.value: sum(line["bad"] for line in lines if line["kind"] == kind.value)
                for kind in Kind
            },
        },
        "freeze_days": round(sum(one["freezes"]["days"] for one in services), 2),
        "shipped": sum(one["shipped"] for one in decisions),
        "costly": sum(len(one["costly"]) for one in decisions),
        "too_strict": sum(len(one["too_strict"]) for one in decisions),
        "approvals": sum(len(one["approvals"]) for one in decisions),
        "ungated": sum(len(one["ungated"]) for one in decisions),
        "corrections": sum(len(one["corrections"]) for one in services),
        "changes_to_sign": [
            f"{service['service']} {one['objective']}: {one['recalibration']['sentence']}"
            for service in services
            for one in service["objectives"]
            if one["recalibration"]["advice"] != "keep"
        ],
    }


_VERDICTS = ("kept", "missed", "unknown")


def _number(share: Fraction | None) -> float | None:
    return None if share is None else float(share)
