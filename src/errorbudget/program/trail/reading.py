"""What looking back needs of the trail, read on from where it was read to before."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary

from errorbudget import clock
from errorbudget.policy.audit import Entry
from errorbudget.policy.reconciliation import Asked
from errorbudget.store.home import Home
from errorbudget.store.trail import Trail


@dataclass(frozen=True, slots=True)
class Read:
    """The trail up to an entry; entries never change, so what was read stays true."""

    upto: int = 0
    asked: tuple[Asked, ...] = ()
    """Every decision, dry runs aside; those made while no server answered are decisions too."""
    ungated: tuple[Mapping[str, Any], ...] = ()
    """What was found to have shipped past the gate."""


def read_on(home: Home) -> Read:
    """The trail as it is now; only entries that are new since the last reading are read."""
    with _TURN:
        before = _BEFORE.get(home.trail, Read())
        news = _News(before.upto)
        for entry in home.trail.entries(after=before.upto):
            news.take(entry)
        now = Read(
            upto=news.upto,
            asked=(*before.asked, *news.asked),
            ungated=(*before.ungated, *news.ungated),
        )
        _BEFORE[home.trail] = now
    return now


def decisions(home: Home) -> Iterator[Asked]:
    """Every decision of the trail."""
    return iter(read_on(home).asked)


_TURN: Final = threading.Lock()
_BEFORE: Final = WeakKeyDictionary[Trail, Read]()
_DECIDED: Final = (b'"kind":"decision"', b'"kind":"offline"')
_UNGATED: Final = b'"kind":"ungated"'
_FRONT: Final = 200
"""Bytes in which an entry has said its kind."""


@dataclass(slots=True)
class _News:
    """What entries say that were not read yet."""

    upto: int
    asked: list[Asked] = field(default_factory=list[Asked])
    ungated: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])

    def take(self, entry: Entry) -> None:
        """One more."""
        self.upto = entry.seq
        # Most entries of a long trail may be others: only these are worth reading as JSON.
        front = entry.body[:_FRONT]
        if any(kind in front for kind in _DECIDED):
            self.asked.append(_asked(entry))
        elif _UNGATED in front:
            self.ungated.append(entry.fields()["body"])


def _asked(entry: Entry) -> Asked:
    body = entry.fields()["body"]
    allowed = body["decision"]["decision"] == "allow"
    return Asked(
        entry=entry.seq,
        service=body["service"],
        change=body["change"],
        at=clock.parse(body["at"] if "policy_known" in body else body["as_of"]),
        # Without a server, only by a document that was really in force.
        permitted=allowed and body.get("policy_known", True),
        risk=(body["decision"].get("risk") or {}).get("counts_as", ""),
    )
