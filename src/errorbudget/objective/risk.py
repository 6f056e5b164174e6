"""How dangerous may a change be? The document's classes, and its rules that read them off files."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainValidator, field_validator

from errorbudget.objective.classes import RISING, RiskClass
from errorbudget.objective.notation import nearest, shown
from errorbudget.objective.section import Distinct, Identifier, Positive, Section, Some
from errorbudget.objective.wording import located


def _permitted(value: object) -> frozenset[RiskClass]:
    if not isinstance(value, tuple):
        raise ValueError(f"is {shown(value)}, not a list; write it as [rollback, low]")
    classes = frozenset(_class(item, tuple(RiskClass)) for item in value)
    for safer, riskier in pairwise(RISING):
        if riskier in classes and safer not in classes:
            raise ValueError(f"permits {riskier} but not the safer {safer}; add {safer}")
    return classes


def _class(value: object, known: tuple[RiskClass, ...]) -> RiskClass:
    if isinstance(value, str) and value in known:
        return RiskClass(value)
    near = nearest(value, known) if isinstance(value, str) else None
    hint = f"did you mean {near}?" if near else f"write one of {', '.join(known)}"
    raise ValueError(f"names {shown(value)}, no risk class; {hint}")


def _of_files(value: object) -> RiskClass:
    return _class(value, RISING)


def _glob(pattern: str) -> str:
    body = pattern.removeprefix("!")
    unusable = not body.strip("/") or body.startswith("#") or body != body.strip()
    if unusable or body.endswith("\\") or body.count("[") > body.count("]"):
        raise ValueError(f'is {shown(pattern)}; write a path as .gitignore has it: "docs/**"')
    return pattern


Permitted = Annotated[frozenset[RiskClass], PlainValidator(_permitted)]
FileClass = Annotated[RiskClass, PlainValidator(_of_files)]
Glob = Annotated[str, AfterValidator(_glob)]


class SmallChange(Section):
    """A change no larger than this is low where no rule says otherwise."""

    max_files: Positive = Field(examples=[1])
    max_lines: Positive = Field(examples=[10])


class RiskRule(Section):
    """Files that give a change its class."""

    id: Identifier = Field(examples=["schema"])
    risk_class: FileClass = Field(alias="class", examples=["high"])
    paths: Annotated[tuple[Glob, ...], Some, Distinct] = Field(examples=['["migrations/**"]'])
    unless: Literal["additive"] | None = Field(default=None, examples=["additive"])
    """Files of SQL that only add to the schema are not what the rule is about."""

    @field_validator("paths")
    @classmethod
    def _some_path_matches(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        if all(path.startswith("!") for path in paths):
            raise ValueError("only takes paths away (!); name those the rule is about first")
        return paths


class CriticalEvidence(Section):
    """What a critical change must show."""

    requires: Literal["incident"] = Field(examples=["incident"])


class Risk(Section):
    """How a change's class is found; of several matches the highest counts."""

    low: SmallChange | None = None
    rules: tuple[RiskRule, ...] = ()
    critical: CriticalEvidence | None = None

    @field_validator("rules")
    @classmethod
    def _ids_are_distinct(cls, rules: tuple[RiskRule, ...]) -> tuple[RiskRule, ...]:
        ids = [rule.id for rule in rules]
        what = "is the id of an earlier rule too; rename one"
        problems = [((n, "id"), what) for n, name in enumerate(ids) if name in ids[:n]]
        if problems:
            raise located(problems)
        return rules
