"""What did a service promise? The objective document, field by field."""

from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from errorbudget.objective import notation
from errorbudget.objective.alerting import Burn, BurnTier
from errorbudget.objective.criterion import check_criterion, check_expression
from errorbudget.objective.examples import ChangeExample, Example, Outcome, RequestExample
from errorbudget.objective.identity import Identity
from errorbudget.objective.notation import Target
from errorbudget.objective.policy import ApprovalRule, Band, Policy, UnknownBudget
from errorbudget.objective.promql import Counters
from errorbudget.objective.refusal import CriterionRefused
from errorbudget.objective.risk import RISING, Risk, RiskClass, RiskRule
from errorbudget.objective.section import (
    Identifier,
    Minutes,
    Name,
    Names,
    Section,
    Share,
    SomeNames,
)
from errorbudget.objective.wording import located
from errorbudget.request import COLUMNS, SENT, ColumnType

__all__ = [
    "RISING",
    "ApprovalRule",
    "Band",
    "Burn",
    "BurnTier",
    "Calendar",
    "ChangeExample",
    "Composite",
    "Example",
    "Exclusion",
    "Mode",
    "Objective",
    "ObjectiveDocument",
    "Outcome",
    "Policy",
    "RequestExample",
    "Risk",
    "RiskClass",
    "RiskRule",
    "Rolling",
    "Target",
    "UnknownBudget",
]

SENT_COLUMNS: Final[dict[str, ColumnType]] = {name: COLUMNS[name] for name in SENT}
"""What is known of a request before anything is counted beside it."""


def _judges(text: str) -> str:
    try:
        return check_criterion(text).text
    except CriterionRefused as refused:
        raise ValueError(str(refused)) from None


def _scopes(text: str) -> str:
    try:
        return check_criterion(text, SENT_COLUMNS).text
    except CriterionRefused as refused:
        raise ValueError(str(refused)) from None


def _identifies(text: str) -> str:
    try:
        return check_expression(text, SENT_COLUMNS).text
    except CriterionRefused as refused:
        raise ValueError(str(refused)) from None


class Mode(StrEnum):
    """Whether the gate may say no."""

    ENFORCE = "enforce"
    ADVISE = "advise"
    """Decide, and record what would have been blocked, but never block."""


class Signoff(Section):
    """Which roles must sign the document's exact bytes before it binds."""

    required: Names = ()
    revisit: Annotated[date, PlainValidator(notation.day)] | None = None


class RequestRules(Section):
    """Which rows are the document's requests, and how they are told apart."""

    source: Identifier = "warehouse"
    """A source that the configuration names; `warehouse` is the embedded one."""
    scope: Annotated[str, AfterValidator(_scopes)] | None = None
    request_id: Annotated[str, AfterValidator(_identifies)] = "trace_id"
    operation: Annotated[str, AfterValidator(_identifies)] | None = None
    logs: Literal["optional", "required"] = "optional"


class Rolling(Section):
    """The last so many minutes."""

    minutes: Minutes = Field(alias="rolling", examples=["28d` or `calendar: quarter"])


class Calendar(Section):
    """A month, quarter or year as people in `timezone` live it."""

    unit: Literal["month", "quarter", "year"] = Field(alias="calendar", examples=["quarter"])
    timezone: Annotated[str, AfterValidator(notation.timezone)] = "UTC"
    carry_debt: Share = Fraction(0)
    """At most so much of a window's budget pays what the one before it overspent."""

    @field_validator("carry_debt")
    @classmethod
    def _leaves_some_of_the_budget(cls, share: Fraction) -> Fraction:
        if not 0 <= share < 1:
            what = f"is {notation.as_percent(share)}; write 0% or more, and less than 100%, as 50%"
            raise ValueError(what)
        return share

    @model_validator(mode="before")
    @classmethod
    def _is_not_rolling_too(cls, value: object) -> object:
        if isinstance(value, dict) and "rolling" in value:
            raise ValueError("is rolling and calendar at once; keep one of them")
        return value


def _which_window(value: object) -> str:
    calendar = isinstance(value, Calendar) or (isinstance(value, dict) and "calendar" in value)
    return "(calendar)" if calendar else "(rolling)"


Window = Annotated[
    Annotated[Rolling, Tag("(rolling)")] | Annotated[Calendar, Tag("(calendar)")],
    Discriminator(_which_window),
]


class Objective(Section):
    """An indicator, the share of requests promised to be good, and for which window."""

    description: str = ""
    valid: Annotated[str, AfterValidator(_judges)] | None = None
    """SQL over a request's columns; None: every request is valid."""
    good: Annotated[str, AfterValidator(_judges)] = Field(
        default="FALSE", examples=["status < 500"]
    )
    """SQL over a request's columns; what `prometheus` counts is no row, so nothing is good."""
    prometheus: Counters | None = None
    """Instead of criteria, for a document whose source answers PromQL."""
    target: Annotated[Target, PlainValidator(notation.target)] = Field(examples=["99.9%"])
    window: Window = Field(examples=["{rolling: 28d}"])

    @model_validator(mode="after")
    def _counts_rows_or_counters(self) -> "Objective":
        given = self.model_fields_set
        if self.prometheus is None and "good" not in given:
            raise located([(("good",), "is missing; write `good: status < 500`")])
        if self.prometheus and (both := [name for name in ("valid", "good") if name in given]):
            what = "is SQL over requests, and is given beside `prometheus`; keep one of them"
            raise located(((name,), what) for name in both)
        return self


class Composite(Section):
    """Operations that enter here and go on through other services, promised as one."""

    description: str = ""
    of: Identifier = Field(examples=["availability"])
    """The objective of this document whose valid requests are the operations."""
    joins: dict[Name, Identifier] = Field(min_length=1, examples=["{ledger: availability}"])
    """What else must be good: objectives of other services' documents."""
    target: Annotated[Target, PlainValidator(notation.target)] = Field(examples=["99.9%"])
    window: Window = Field(examples=["{rolling: 28d}"])


class Exclusion(Section):
    """Time that does not count, from `start` up to, and without, `end`; in UTC."""

    start: Annotated[datetime, PlainValidator(notation.whole_minute)] = Field(
        alias="from", examples=["2026-11-29T01:00:00Z"]
    )
    end: Annotated[datetime, PlainValidator(notation.whole_minute)] = Field(
        alias="to", examples=["2026-11-29T02:00:00Z"]
    )
    reason: Name = Field(examples=["announced maintenance"])

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "Exclusion":
        if self.end <= self.start:
            raise located([(("to",), "is not after `from`; write a later moment")])
        return self


class PostmortemRules(Section):
    """When a postmortem is due, and where published ones go."""

    when_spent: Share = Fraction(5, 100)
    journal: Annotated[str, AfterValidator(notation.folder)] = "docs/postmortems"

    @field_validator("when_spent")
    @classmethod
    def _some_of_the_budget(cls, share: Fraction) -> Fraction:
        if share <= 0:
            raise ValueError(f"is {notation.as_percent(share)}; write more than 0%, as 5%")
        return share


class ObjectiveDocument(Section):
    """Everything one service, or several pooled into one budget, promised."""

    api_version: Literal["errorbudget/v1"] = Field(alias="apiVersion", examples=["errorbudget/v1"])
    kind: Literal["ObjectiveDocument"] = Field(examples=["ObjectiveDocument"])
    pooled: Names = Field(default=(), alias="services")
    service: Name | None = Field(default=None, validate_default=True)
    name: str = Field(default="", validate_default=True)
    environment: str = ""
    """Empty: any."""
    description: str = ""
    labels: dict[str, str] = Field(default_factory=dict[str, str])
    runbook: Annotated[str, AfterValidator(notation.address)] | None = None
    notify: Names = ()
    mode: Annotated[Mode, Field(strict=False)] = Mode.ENFORCE
    owners: dict[Identifier, SomeNames] = Field(default_factory=dict[str, tuple[str, ...]])
    signoff: Signoff = Signoff()
    requests: RequestRules = RequestRules()
    objectives: dict[Identifier, Objective] = Field(min_length=1, examples=["{availability: …}"])
    composites: dict[Identifier, Composite] = Field(default_factory=dict[str, Composite])
    exclude: tuple[Exclusion, ...] = ()
    burn: Burn = Burn()
    policy: Policy | None = None
    """None: the document observes, and the gate permits everything."""
    risk: Risk | None = None
    identity: Identity = Identity()
    postmortem: PostmortemRules = PostmortemRules()
    examples: tuple[Example, ...] = ()

    @property
    def services(self) -> tuple[str, ...]:
        """The service, or those pooled."""
        return (self.service,) if self.service else self.pooled

    @property
    def counts_rows(self) -> bool:
        """Whether its requests are rows, which can be looked at one by one; counters cannot."""
        return not any(objective.prometheus for objective in self.objectives.values())

    @field_validator("service")
    @classmethod
    def _one_way_to_name_services(cls, service: str | None, info: ValidationInfo) -> str | None:
        pooled = info.data.get("pooled")
        if service and pooled:
            raise ValueError("is given beside `services`; keep one of them")
        if not service and pooled == ():
            raise ValueError("is missing; write `service: checkout`, or `services: [search, cart]`")
        return service

    @field_validator("name")
    @classmethod
    def _named_after_its_service(cls, name: str, info: ValidationInfo) -> str:
        pooled = info.data.get("pooled", ())
        if name:
            return notation.name(name)
        if len(pooled) > 1:
            raise ValueError("is missing; write `name: NAME`, because several services are pooled")
        return info.data.get("service") or "".join(pooled)

    @field_validator("objectives")
    @classmethod
    def _examples_can_name_them(cls, objectives: dict[str, Objective]) -> dict[str, Objective]:
        taken = [name for name in objectives if name in ("request", "change")]
        if taken:
            what = "is a word that examples need; name it otherwise"
            raise located(((name,), what) for name in taken)
        return objectives
