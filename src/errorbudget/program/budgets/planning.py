"""What budgets would bear: a planned dependency against each of them, in numbers and in words."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from errorbudget.errors import Failure
from errorbudget.ledger.planned import Cost, Planned, cost
from errorbudget.objective.notation import as_percent, percent


def plan(
    *, availability: str, share: str, fallback: str = "0%", calls: int = 1, retries: int = 0
) -> Planned:
    """Something planned, its shares as people write them: 99.5% or 0.995. Raises Failure."""
    return Planned(
        availability=_share(availability, "availability"),
        share=_share(share, "share"),
        calls=calls,
        retries=retries,
        fallback=_share(fallback, "fallback"),
    )


def _share(text: str, name: str) -> Fraction:
    try:
        found = Fraction(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except (ValueError, ZeroDivisionError) as cause:
        raise Failure(f"{name}: {text!r} is no share; write it as 99.5% or 0.995") from cause
    if not 0 <= found <= 1:
        raise Failure(f"{name}: {text} is not from 0% to 100%; write it as 99.5% or 0.995")
    return found


def forecast(budget: Mapping[str, Any], planned: Planned) -> dict[str, Any]:
    """The cost of something planned to one budget, which is given as JSON has it."""
    allowance = 1 - percent(budget["target"])
    found = cost(planned, allowance=allowance, bad=budget["bad"], valid=budget["valid"])
    requests = budget["valid"] + budget["forecast"]
    return {
        "service": budget["service"],
        "objective": budget["objective"],
        "target": budget["target"],
        "window": budget["window"],
        "requests": requests,
        "failing": _number(planned.failing),
        "added": _number(found.added),
        "added_range": [_number(one) for one in found.added_range],
        "bad": _number(found.added * requests) if requests else None,
        "bad_range": _by_chance(float(found.added * requests)) if requests else None,
        "cost": _number(found.share),
        "cost_range": [_number(one) for one in found.share_range],
        "used": _number(found.used),
        "used_after": _number(found.used_after),
        "fits": found.fits,
        "needs": {
            "availability": _number(found.needed_availability),
            "target": _number(found.needed_target),
        },
        "sentence": _sentence(budget, planned, found, requests),
    }


def _number(ratio: Fraction | None) -> float | None:
    return None if ratio is None else float(ratio)


def _by_chance(expected: float) -> list[int]:
    """Between which counts nine of ten windows end, if requests fail by chance alone (Poisson)."""
    from scipy.special import pdtrik

    if expected <= 0:
        return [0, 0]
    low, high = (float(pdtrik(edge, expected)) for edge in (0.05, 0.95))
    return [0 if math.isnan(low) else max(0, math.floor(low)), math.ceil(high)]


def _sentence(budget: Mapping[str, Any], planned: Planned, found: Cost, requests: int) -> str:
    head = f"{budget['service']} {budget['objective']} {budget['target']}"
    through = (
        f"{_percent(planned.share)} of requests through something that works"
        f" {as_percent(planned.availability)} of the time"
    )
    count = f", {_count(float(found.added * requests))}" if requests else ""
    low, high = found.share_range
    span = "" if low == high else f" ({_percent(low)} to {_percent(high)}, as failures coincide)"
    takes = f"would make {_percent(found.added)} of all requests bad{count}"
    return (
        f"{head}: {through} {takes}; that is {_percent(found.share)} of its budget{span}."
        f" {_verdict(budget, planned, found)}"
    )


def _count(expected: float) -> str:
    low, high = _by_chance(expected)
    return f"about {expected:,.0f} a window ({low:,} to {high:,} by chance alone)"


def _verdict(budget: Mapping[str, Any], planned: Planned, found: Cost) -> str:
    if found.used is None or found.used_after is None or found.needed_target is None:
        newest = f"; the newest is from {budget['as_of']}, ask --at then" if budget["as_of"] else ""
        return f"Nobody knows what is used today: no request counts in this window{newest}."
    after = f"With the {_percent(found.used)} used today, {_percent(found.used_after)}"
    if found.fits:
        worst = found.used + found.share_range[1]
        if worst <= 1:
            return f"{after}: it fits."
        return (
            f"{after}: it fits if calls and retries fail independently; where they fail together,"
            f" up to {_percent(worst)} would be used. Do not count on the retries."
        )
    if found.needed_availability is None:
        return f"{after}: nothing is left for it; a target of {_down(found.needed_target)} is kept."
    credit = ", retries not counted on" if planned.retries else ""
    return (
        f"{after}: it does not fit. It would have to work {_up(found.needed_availability)}"
        f" of the time{credit}, or the target be {_down(found.needed_target)}."
    )


def _percent(ratio: Fraction) -> str:
    return f"{float(ratio * 100):.3g}%"


def _up(ratio: Fraction) -> str:
    """A share in hundredths of a percent, never less than it is."""
    return f"{math.ceil(ratio * 10_000) / 100:g}%"


def _down(ratio: Fraction) -> str:
    """A share in hundredths of a percent, never more than it is."""
    return f"{math.floor(ratio * 10_000) / 100:g}%"
