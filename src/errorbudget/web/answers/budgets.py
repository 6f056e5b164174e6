"""What is left of budgets, alone and together?"""

from typing import Literal

from pydantic import Field

from errorbudget.web.answers.answer import Answer


class Window(Answer):
    """A half-open span of time."""

    kind: Literal["rolling", "calendar"]
    start: str
    end: str


class Meaning(Answer):
    """What a budget of fewer than ten allowed failures is worth, and what would make it more."""

    words: str
    advice: str
    needs: int
    has: int
    window: str | None
    target: str | None


class Joined(Answer):
    """Requests of a service that operations led to."""

    service: str
    objective: str
    valid: int
    bad: int
    without_id: int


class Composite(Answer):
    """What is known of operations over several services; `bad` are its least and most."""

    of: str
    joins: list[Joined]
    missing: list[str]
    without_id: int
    bad: list[int]
    remaining: list[float] | None
    words: str


class Budget(Answer):
    """The budget of one objective; `remaining` is 1 when untouched, null without data."""

    service: str
    services: list[str]
    objective: str
    target: str
    window: Window
    valid: int
    bad: int
    allowed: float | None
    remaining: float | None
    pace: float | None
    exhausts_at: str | None
    state: Literal["healthy", "spent", "stale", "unknown"]
    meaningful: Literal["normal", "coarse", "events", "none"]
    meaning: Meaning | None
    coverage: float | None
    as_of: str | None
    problem: str
    overdue: str | None
    pool: str
    composite: Composite | None
    members: list["Budget"]


class Worst(Answer):
    """The budget with the least left."""

    service: str
    objective: str
    remaining: float
    state: Literal["healthy", "spent", "stale"]
    meaningful: Literal["normal", "coarse", "events", "none"]
    words: str


class RolledUp(Answer):
    """One service of a group."""

    service: str
    valid: int
    failing: int
    state: Literal["healthy", "spent", "stale", "unknown"]
    states: dict[str, str]
    worst: Worst | None


class Rollup(Answer):
    """Services seen together; a request counts as failing once, whatever objectives it failed."""

    by: str
    group: str | None
    first: str = Field(alias="from")
    last: str = Field(alias="to")
    valid: int
    failing: int
    budgets: int
    states: dict[str, int]
    state: Literal["healthy", "spent", "stale", "unknown"]
    worst: Worst | None
    as_of: str | None
    members: list[RolledUp]
