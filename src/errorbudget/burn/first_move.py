"""What to try first? Only where the evidence points to something; a person decides."""

from collections.abc import Sequence
from typing import Final

from errorbudget.burn.attribution import Finding
from errorbudget.burn.concentration import CONCENTRATED, FLOOD, Concentration
from errorbudget.burn.correlation import Coincidence
from errorbudget.burn.log_patterns import Pattern
from errorbudget.change import Change, ChangeKind

_LONGEST: Final = 120
"""Characters of a log template that stand in a sentence."""


def first_move(
    *,
    valid: int,
    silent: bool = False,
    service: str = "",
    where: Sequence[Finding],
    who: Concentration,
    changes: Sequence[Coincidence],
    logs: Sequence[Pattern],
) -> str:
    """A sentence that says what to try or to look at first; `changes` are all that were weighed.

    A flood goes before a change: rolling back does not stop it. Where it is `silent`, requests that
    should come do not. Of operations
    over several services, what is known is of one `service`.
    """
    fitting = next((one.change for one in changes if one.fits), None)
    if silent or not valid:
        then = f", then at {named(fitting)}, which coincides" if fitting else ""
        came = "Requests have stopped coming" if silent else "No valid request came"
        return f"{came}: look at the way to the service{then}."
    if is_flood(who):
        return f"Limit tenant {who.top_tenant}, or scale for it: {_flood(who)}."
    if fitting is not None:
        return f"{_taken_back(fitting)}: it coincides with the burn."
    unfit = "No change fits" if changes else "No change that is known fits"
    return f"{unfit}: look at {_place(where, who, logs, service)}."


def _place(
    where: Sequence[Finding], who: Concentration, logs: Sequence[Pattern], service: str
) -> str:
    of = f" of {service}" if service else ""
    if where:
        return f"{slice_words(where[0])}{of} first"
    if (who.top_share or 0) >= CONCENTRATED and who.tenants > 1:
        return f"tenant {who.top_tenant}{of} first"
    if logs:
        return f"what logs “{_short(logs[0].template)}”{of} first"
    if service:
        return f"{service} first, which fails more than the others it goes through"
    return "single failed requests; nothing stands out"


def is_flood(who: Concentration) -> bool:
    """Whether one tenant has most of the excess and sends many times what it usually does."""
    return (who.top_share or 0) >= CONCENTRATED and (who.top_volume or 0) >= FLOOD


def points(
    where: Sequence[Finding], who: Concentration, changes: Sequence[Coincidence]
) -> list[str]:
    """What a first line has room for: the place, the flood, the change."""
    told = [f"{_share(where[0])} in {slice_words(where[0])}"] if where else []
    if is_flood(who):
        told.append(f"tenant {who.top_tenant} sends {_times(who)} its usual requests")
    fitting = next((one.change for one in changes if one.fits), None)
    return [*told, *([f"coincides with {named(fitting)}"] if fitting else [])]


def _share(finding: Finding) -> str:
    return "most" if finding.share >= CONCENTRATED else f"{finding.share:.0%}"


def slice_words(finding: Finding) -> str:
    """`route=/pay and region=eu`."""
    pairs = (f"{column}={value or '(empty)'}" for column, value in finding.match.items())
    return " and ".join(pairs)


def named(change: Change) -> str:
    """`checkout 2.14.0`, or `flag new-pricing of checkout`."""
    if change.kind is ChangeKind.DEPLOY:
        return f"{change.service} {change.version or change.id}"
    return f"{change.kind.value} {change.id} of {change.service}"


def _taken_back(change: Change) -> str:
    if change.kind is ChangeKind.DEPLOY:
        return f"Roll back {named(change)}"
    return f"Take back {named(change)}"


def _flood(who: Concentration) -> str:
    return f"it sends {_times(who)} its usual requests and has {who.top_share:.0%} of the excess"


def _times(who: Concentration) -> str:
    return f"{who.top_volume:,.0f} times"


def _short(template: str) -> str:
    return template if len(template) <= _LONGEST else f"{template[: _LONGEST - 1]}…"
