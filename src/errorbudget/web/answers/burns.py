"""How fast do budgets burn, and what broke?"""

from typing import Any, Literal

from errorbudget.web.answers.answer import Answer
from errorbudget.web.answers.budgets import Composite


class Horizon(Answer):
    """How fast the budget burnt over one horizon; 1 is exactly on time."""

    horizon: str
    valid: int
    bad: int
    rate: float | None
    shown_rate: float | None
    interval: list[float] | None


class Burn(Answer):
    """How fast one objective's budget burns, and what its alert says."""

    service: str
    objective: str
    alert: Literal["none", "drift", "warn", "fire", "recovering", "unknown"]
    reason: str
    horizons: list[Horizon]
    pool: str
    composite: Composite | None
    members: list["Burn"]


class Onset(Answer):
    """Since when it burns, and how sure that is."""

    at: str
    earliest: str
    latest: str


class Finding(Answer):
    """Requests in which more fail than usual; `share` is of the excess of all requests."""

    match: dict[str, str]
    excess: float
    share: float
    rate: float
    baseline_rate: float | None
    n: int


class Who(Answer):
    """One tenant or all of them."""

    tenants: int
    top_tenant: str | None
    top_share: float | None
    effective_tenants: float | None
    sentence: str


class Fits(Answer):
    """A change, and what speaks for its having to do with a burn."""

    change: str
    fits: bool
    evidence: list[Any]


class Pattern(Answer):
    """Log records of one form."""

    template: str
    count: int
    baseline_count: int
    reason: str
    trace_ids: list[str]


class Section(Answer):
    """One question, answered in lines for people; the same as in alerts."""

    heading: str
    lines: list[str]


class Bars(Answer):
    """Valid and bad requests of stretches of so many minutes each, from a moment on."""

    minutes: int
    valid: list[int]
    bad: list[int]


class Explanation(Answer):
    """What broke."""

    service: str
    objective: str
    headline: str
    first_move: str | None
    sections: list[Section]
    bars: Bars
    onset: Onset | None
    where: list[Finding]
    who: Who
    changes: list[Fits]
    logs: list[Pattern]
    limits: list[str]


class Handoff(Answer):
    """What a log tool needs to go on from a burn; `queries` by tool."""

    services: list[str]
    environment: str
    request_ids: list[str]
    templates: list[str]
    queries: dict[str, Any]
