"""What hurts users, and what was told of it?"""

from typing import Literal

from errorbudget.web.answers.answer import Answer
from errorbudget.web.answers.burns import Explanation


class Incident(Answer):
    """Something that hurts users of a service, for as long as it lasts."""

    id: int
    service: str
    environment: str
    title: str
    origin: Literal["person", "alert"]
    declared_by: str
    started: str
    acknowledged: str | None
    acknowledged_by: str | None
    ended: str | None
    ended_by: str | None


class Happening(Answer):
    """One line of an incident's timeline."""

    at: str
    what: str
    by: str
    text: str
    objective: str
    notice: str


class IncidentShown(Incident):
    """An incident with its timeline, and what was found out last of its burn."""

    timeline: list[Happening]
    context: Explanation | None


class DeadLetter(Answer):
    """A message that did not arrive at a target."""

    number: int
    target: str
    title: str
    problem: str
    attempts: int
    put: str


class Resent(Answer):
    """How many letters wait for delivery again."""

    resent: int
