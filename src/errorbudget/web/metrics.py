"""What does Prometheus read? Budgets, burns, alerts, and how the server itself is doing.

https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from fastapi import APIRouter, Response

from errorbudget.web.access import Caller
from errorbudget.web.calling import Here, Reads
from errorbudget.web.families import Family
from errorbudget.web.server import Server

router = APIRouter(tags=["health"])

TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_ALERTS: Final = ("none", "drift", "warn", "fire", "recovering", "unknown")
_STATES: Final = ("healthy", "spent", "stale", "unknown")


@router.get(
    "/metrics",
    summary="Metrics (OpenMetrics)",
    responses={200: {"description": "Budgets, burns, alerts, and the server's own health."}},
    response_class=Response,
)
def metrics(server: Here, caller: Reads) -> Response:
    """From memory: a scrape costs no query."""
    families = [*_budgets(server, caller), *_burns(server, caller), *_own(server)]
    lines = [line for family in families for line in family.lines()]
    return Response("\n".join([*lines, "# EOF\n"]), media_type=TYPE)


def _budgets(server: Server, caller: Caller) -> Iterator[Family]:
    seen = server.current.snapshot
    told = _with_members(
        one.as_dict()
        for one in (seen.standings if seen else ())
        if caller.sees(one.document.services, one.document.environment)
    )
    for name, field, words in (
        (
            "errorbudget_remaining_ratio",
            "remaining",
            "Budget left: 1 untouched, below 0 overspent.",
        ),
        ("errorbudget_pace_ratio", "pace", "Bad requests against those allowed to date."),
        ("errorbudget_coverage_ratio", "coverage", "Share of the window that could be seen."),
        ("errorbudget_valid_requests", "valid", "Valid requests in the window."),
        ("errorbudget_bad_requests", "bad", "Bad requests in the window."),
        ("errorbudget_allowed_requests", "allowed", "Bad requests that the window allows."),
    ):
        yield Family(name, "gauge", words, [(_of(one), one[field]) for one in told])
    bounds = [
        (_of(one) | {"bound": bound}, bad)
        for one in told
        if one["composite"] and not one["composite"]["missing"]
        for bound, bad in zip(("low", "high"), one["composite"]["bad"], strict=True)
    ]
    words = "Operations of a composite that failed, at least and at most."
    yield Family("errorbudget_composite_bad_operations", "gauge", words, bounds)
    states = [
        (_of(one) | {"state": state}, int(one["state"] == state))
        for one in told
        for state in _STATES
    ]
    yield Family("errorbudget_state", "gauge", "1 for the state that the budget is in.", states)


def _burns(server: Server, caller: Caller) -> Iterator[Family]:
    seen = server.current.snapshot
    told = _with_members(
        one.as_dict()
        for one in (seen.burns if seen else ())
        if caller.sees(one.standing.document.services, one.standing.document.environment)
    )
    for name, field, words in (
        ("errorbudget_burn_rate", "rate", "Budget spent against time: 1 is exactly on time."),
        ("errorbudget_shown_burn_rate", "shown_rate", "The same, drawn to 1 where volume is low."),
    ):
        rates = [
            (_of(one) | {"horizon": horizon["horizon"]}, horizon[field])
            for one in told
            for horizon in one["horizons"]
        ]
        yield Family(name, "gauge", words, rates)
    alerts = [
        (_of(one) | {"alert": alert}, int(one["alert"] == alert))
        for one in told
        for alert in _ALERTS
    ]
    yield Family("errorbudget_alert", "gauge", "1 for what the alert says.", alerts)


def _with_members(told: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each of them, and the members of pools, which have names of their own."""
    return [each for one in told for each in (one, *one["members"])]


def _own(server: Server) -> Iterator[Family]:
    pulse, stream = server.current.pulse, server.stream.state
    yield _one("ready", "gauge", "1 when the server does its work.", int(not server.problems()))
    yield _one("evaluations", "counter", "Evaluations of every budget.", pulse.ticks)
    yield _one("evaluation_seconds", "gauge", "How long the last evaluation took.", pulse.seconds)
    words = "Seconds since the last evaluation."
    yield _one("evaluation_age_seconds", "gauge", words, pulse.age)
    words = "Documents of which nothing new is known: their source does not answer."
    yield _one("unanswered_documents", "gauge", words, len(server.unanswered()))
    words = "Bytes acknowledged and not yet in the warehouse."
    yield _one("journal_unloaded_bytes", "gauge", words, stream.unloaded)
    yield _one("loaded_rows", "counter", "Rows stored since the start.", stream.loaded)
    words = "Rows that were known already."
    yield _one("known_rows", "counter", words, stream.duplicates)
    words = "Journal segments that could not be read back."
    yield _one("set_aside_segments", "counter", words, stream.set_aside)
    yield _one("disk_free_bytes", "gauge", "Left on the disk of the home.", server.free())
    words = "Kept free on it: below, senders are told to come again."
    yield _one("disk_spare_bytes", "gauge", words, server.configuration.receive.spare)
    letters = server.program.home.outbox.counts()
    samples = [({"state": state.value}, count) for state, count in letters.items()]
    yield Family("errorbudget_letters", "gauge", "Messages by state; dead ones wait.", samples)
    yield _one("heartbeats", "counter", "Heartbeats that were taken.", server.heartbeat.sent)
    yield from server.calls.families()
    yield Family("process_resident_memory_bytes", "gauge", "Memory.", [({}, _resident())])


def _one(name: str, kind: Literal["gauge", "counter"], words: str, value: float | None) -> Family:
    return Family(f"errorbudget_{name}", kind, words, [({}, value)])


def _of(told: Mapping[str, Any]) -> dict[str, str]:
    return {"service": told["service"], "objective": told["objective"]}


def _resident() -> int | None:
    """Bytes of memory in use; None where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
