"""What shows that a change is a rollback, or that it is critical?"""

from datetime import datetime, timedelta
from typing import Final

from errorbudget.objective.document import RiskClass
from errorbudget.source import Source
from errorbudget.store.home import Home
from errorbudget.store.incidents import DeclaredBy, Incident

SERVED_WELL: Final = 100
"""Requests that a version must have served before going back to it counts as a rollback."""
_BEFORE: Final = timedelta(hours=1)
"""How far back is looked for what a template served that was there before anybody asked."""


def of_rollback(
    source: Source, service: str, environment: str, change: str, at: datetime
) -> dict[RiskClass, str]:
    """A rollback shows itself: its target served real traffic there before what runs now did."""
    seen = source.versions(service, environment, at)
    for one in seen[:-1]:
        if one.version == change and one.requests >= SERVED_WELL:
            return {RiskClass.ROLLBACK: f"{change} served {one.requests:,} requests before"}
    return {}


def of_template(home: Home, source: Source, service: str, environment: str, digest: str) -> str:
    """That pods of this template served real traffic before others took their place; else empty."""
    stood = home.templates.stood(service, environment, digest)
    if stood is None:
        return ""
    since = stood.since or stood.until - _BEFORE
    requests = source.served(service, environment, since, stood.until)
    if requests < SERVED_WELL:
        return ""
    return f"these pods served {requests:,} requests until {stood.until:%d %B, %H:%M} UTC"


def of_critical(
    home: Home, service: str, environment: str, advisory: str, at: datetime
) -> dict[RiskClass, str]:
    """An advisory that it answers, or an incident of the same service that a person declared."""
    if advisory:
        return {RiskClass.CRITICAL: f"advisory {advisory}"}
    found = incident(home, service, environment, at)
    if found is None:
        return {}
    told = f"incident {found.id}, declared by {found.declared_by}"
    return {RiskClass.CRITICAL: told}


def incident(home: Home, service: str, environment: str, at: datetime) -> Incident | None:
    """The newest incident of a service that a person declared and that is open at a moment."""
    return next(
        (
            one
            for one in home.incidents.list(service)
            if one.origin is DeclaredBy.PERSON
            and one.environment in ("", environment)
            and one.started_at <= at
            and (one.ended_at is None or one.ended_at > at)
        ),
        None,
    )
