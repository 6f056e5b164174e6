"""What may still ship at which remaining budget? The policy as the document states it."""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, ValidationInfo, field_validator

from errorbudget.objective.notation import as_percent, percent, shown
from errorbudget.objective.risk import Permitted, RiskClass
from errorbudget.objective.section import Minutes, Section, Share, SomeNames


def _edge(value: object) -> Fraction | None:
    if value == "-inf":
        return None
    edge = percent(value, example="50%, or -inf for everything below")
    if edge >= 1:
        raise ValueError(f"is {shown(value)}, but a budget has at most 100% left; write less")
    return edge


def _need(value: object) -> Literal["all"] | int:
    if value == "all":
        return "all"
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ValueError(f"is {shown(value)}; write all, or how many roles must approve, as 1")


class Band(Section):
    """The risk classes permitted while more than `above` of the budget remains; None: always."""

    above: Annotated[Fraction | None, PlainValidator(_edge)] = Field(examples=["50%"])
    allow: Permitted = Field(examples=["[rollback, low]"])


class UnknownBudget(Section):
    """The risk classes permitted while nobody knows the budget."""

    allow: Permitted = Field(
        default=frozenset({RiskClass.ROLLBACK, RiskClass.LOW}), examples=["[rollback, low]"]
    )


class ApprovalRule(Section):
    """Who may spend budget on one change that its band forbids."""

    roles: SomeNames = Field(examples=["[product]"])
    need: Annotated[Literal["all"] | int, PlainValidator(_need)] = "all"
    expires_within: Minutes = 1440

    @field_validator("need")
    @classmethod
    def _so_many_roles(
        cls, need: Literal["all"] | int, info: ValidationInfo
    ) -> Literal["all"] | int:
        roles = info.data.get("roles")
        if need != "all" and roles and need > len(roles):
            raise ValueError(f"is {need}, but roles names {len(roles)}; write all, or less")
        return need

    @property
    def needed(self) -> int:
        """How many roles must approve."""
        return len(self.roles) if self.need == "all" else self.need


class Policy(Section):
    """What the gate permits, and what it does when it cannot know."""

    budgets: Literal["worst_of"] = "worst_of"
    bands: tuple[Band, ...] = Field(examples=["[{above: -inf, allow: [rollback, low]}]"])
    hysteresis: Share = Fraction(0)
    active_fire: Literal["keep_band", "one_band_lower"] = "keep_band"
    unknown: UnknownBudget = UnknownBudget()
    stale_after: Minutes = 10
    on_unreachable: Literal["block", "low_only", "allow"] = "block"
    offline_for: Minutes = 7 * 1440
    """How old a copy of the document may be that is gone by while no server answers."""
    approval: ApprovalRule | None = None

    @field_validator("hysteresis")
    @classmethod
    def _a_small_share(cls, share: Fraction) -> Fraction:
        if not 0 <= share < 1:
            raise ValueError(f"is {as_percent(share)}; write 0% or more, and less than 100%")
        return share
