"""Which requests and changes does a document judge out loud? Its examples, typed, not yet run."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    create_model,
    model_validator,
)

from errorbudget.objective.notation import moment
from errorbudget.objective.risk import FileClass
from errorbudget.objective.section import Name, Section
from errorbudget.request import COLUMNS, ColumnType


class Outcome(StrEnum):
    """What an objective makes of a request."""

    GOOD = "good"
    BAD = "bad"
    EXCLUDED = "excluded"
    """Out of scope, or not valid."""


def _number(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


_TYPES: Final[dict[ColumnType, Any]] = {
    "time": Annotated[datetime, PlainValidator(moment)],
    "text": str,
    "integer": int,
    "number": Annotated[float, BeforeValidator(_number)],
    "boolean": bool,
    "map": dict[str, str],
    "count": Annotated[int, Field(ge=0)],
}
_COLUMNS: Final[dict[str, Any]] = {name: (_TYPES[kind], None) for name, kind in COLUMNS.items()}
_Columns: Final = create_model("_Columns", __base__=Section, **_COLUMNS)


def _columns(value: object) -> dict[str, object]:
    return _Columns.model_validate(value).model_dump(exclude_unset=True)


class RequestExample(Section):
    """A request by its columns, and what objectives must make of it."""

    model_config = ConfigDict(extra="allow")
    # How pydantic types further fields: https://docs.pydantic.dev/latest/concepts/models/#extra-data
    __pydantic_extra__: dict[str, Annotated[Outcome, Field(strict=False)]] = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        init=False
    )

    request: Annotated[dict[str, object], PlainValidator(_columns)]
    """Only the columns that were given."""

    @model_validator(mode="after")
    def _expects_something(self) -> "RequestExample":
        if not self.expected:
            raise ValueError("expects nothing; name an objective, as `availability: good`")
        return self

    @property
    def expected(self) -> dict[str, Outcome]:
        """What each named objective must make of it."""
        return self.__pydantic_extra__


class ChangedFiles(Section):
    """A change as the risk rules see it."""

    files: tuple[Name, ...] = Field(examples=["[docs/faq.md]"])
    lines: Annotated[int, Field(ge=0)] = Field(examples=[3])


class ChangeExample(Section):
    """A change, and the class that the risk rules must give it."""

    change: ChangedFiles
    risk: FileClass = Field(examples=["low"])


def _which(value: object) -> str:
    is_change = isinstance(value, ChangeExample) or (isinstance(value, dict) and "change" in value)
    return "(change)" if is_change else "(request)"


Example = Annotated[
    Annotated[RequestExample, Tag("(request)")] | Annotated[ChangeExample, Tag("(change)")],
    Discriminator(_which),
]
