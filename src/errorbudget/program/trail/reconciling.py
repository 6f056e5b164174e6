"""The trail beside what really shipped: deploys that the gate never permitted are recorded too."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from errorbudget import clock
from errorbudget.change import Change
from errorbudget.policy.reconciliation import Asked, answers
from errorbudget.program.changes import Changes
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.program.trail.reading import read_on
from errorbudget.source import Source
from errorbudget.store.home import Home


class Reconciling:
    """Finds what shipped past the gate, from recorded changes and versions in the traffic."""

    def __init__(self, home: Home, source: Source, objectives: Objectives) -> None:
        self._home = home
        self._source = source
        self._objectives = objectives

    def reconcile(self, *, now: datetime, since: datetime | None = None) -> dict[str, Any]:
        """Record every change that no decision permitted, once; tells what is new.

        Of those that started at `since` or later, if given: not of a history before the gate.

        Only services whose document binds and has a policy are gated; others ship as they like.
        """
        Changes(self._home).recognise(self._source)
        changes = [
            one for one in self._home.changes.list(since=since) if self._is_gated(one.service)
        ]
        read = read_on(self._home)
        known, new = {_key(body) for body in read.ungated}, list[dict[str, Any]]()
        given = answers(changes, read.asked)
        for change, answer in zip(changes, given, strict=True):
            if answer is None or not answer.permitted:
                body = _told(change, answer)
                if _key(body) not in known:
                    recorded = self._home.trail.append("ungated", body, now)
                    new.append({**body, "entry": recorded.seq})
        return {"ungated": new, "known": len(known), "changes": len(changes)}

    def _is_gated(self, service: str) -> bool:
        name = self._home.documents.name_for(service)
        document = self._objectives.in_force(name) if name else None
        return document is not None and document.policy is not None


def _key(body: Mapping[str, Any]) -> tuple[str, str, str]:
    return body["service"], body["environment"], body["version"]


def _told(change: Change, answer: Asked | None) -> dict[str, Any]:
    asked = f"refused in entry {answer.entry}" if answer else "nobody asked the gate"
    return {
        "service": change.service,
        "change": change.id,
        "version": change.version,
        "environment": change.environment,
        "started": clock.text(change.started_at),
        "origin": change.origin.value,
        "past_the_gate": asked,
    }
