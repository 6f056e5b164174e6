"""What do all sections of a document share? They are strict, frozen, and say what is wrong."""

from fractions import Fraction
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainValidator,
    ValidationError,
    model_validator,
)

from errorbudget.objective import notation
from errorbudget.objective.wording import worded


class Section(BaseModel):
    """One mapping of the document; a field it does not know is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="wrap")
    @classmethod
    def _in_our_words(cls, value: object, read: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return read(value)
        except ValidationError as invalid:
            raise worded(invalid, cls) from None


def _distinct(values: tuple[object, ...]) -> tuple[object, ...]:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise ValueError(f"names {notation.shown(value)} twice; keep one")
    return values


Distinct = AfterValidator(_distinct)
"""A list that names each thing once."""
Some = Field(min_length=1)
"""A list that is not empty."""

Name = Annotated[str, AfterValidator(notation.name)]
Names = Annotated[tuple[Name, ...], Distinct]
SomeNames = Annotated[tuple[Name, ...], Some, Distinct]
Identifier = Annotated[str, AfterValidator(notation.identifier)]
Minutes = Annotated[int, PlainValidator(notation.minutes)]
Share = Annotated[Fraction, PlainValidator(notation.percent)]
Positive = Annotated[int, Field(ge=1)]
