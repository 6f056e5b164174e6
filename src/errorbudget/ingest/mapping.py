"""Which columns of a file make which column of a request: `--map COLUMN=SQL`, checked, typed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from errorbudget.errors import Failure
from errorbudget.ingest.statements import name
from errorbudget.request import SENT, ColumnType

if TYPE_CHECKING:
    from errorbudget.objective.criterion import Criterion

Type = Literal["varchar", "bigint", "double"]

_KINDS: Final[dict[Type, ColumnType]] = {"varchar": "text", "bigint": "integer", "double": "number"}

_INTEGER: Final = re.compile(r"[+-]?\d{1,18}")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Maps:
    """The checked expressions by the column that they fill, and what they read from the file."""

    expressions: dict[str, str] = field(default_factory=dict[str, str])
    reads: dict[str, Type] = field(default_factory=dict[str, Type])


def checked(maps: Mapping[str, str], columns: Mapping[str, Type]) -> Maps:
    """The expressions over a file's columns. Raises Failure for an unknown target or unsafe SQL."""
    expressions, reads = dict[str, str](), dict[str, Type]()
    for target, text in maps.items():
        _check_target(target)
        criterion, types = _expression(target, text, columns)
        expressions[target] = criterion.sql
        for column in criterion.columns:
            # Read as a number by one expression and as a text by another, it is a number.
            if reads.get(column, "varchar") == "varchar":
                reads[column] = types[column]
    return Maps(expressions=expressions, reads=reads)


def _expression(
    target: str, text: str, columns: Mapping[str, Type]
) -> "tuple[Criterion, Mapping[str, Type]]":
    from errorbudget.objective.criterion import check_expression
    from errorbudget.objective.refusal import CriterionRefused

    texts: dict[str, Type] = dict.fromkeys(columns, "varchar")
    numbers: dict[str, Type] = dict.fromkeys(columns, "double")
    # A column taken as it is keeps its text, so that the tenant 00123 keeps its zeros.
    ways = [texts] if text.strip().strip('"') in columns else [columns, texts, numbers]
    refusals = list[CriterionRefused]()
    for types in ways:
        kinds = {column: _KINDS[type_] for column, type_ in types.items()}
        try:
            return check_expression(text, kinds), types
        except CriterionRefused as refused:
            refusals.append(refused)
    raise CriterionRefused(f"--map {target}: {refusals[0]}") from refusals[0]


def _check_target(target: str) -> None:
    if target not in SENT or target == "attributes":
        allowed = ", ".join(column for column in SENT if column != "attributes")
        raise Failure(
            f"--map {target}: not a column that can be filled", f"write one of: {allowed}"
        )


def read_as(column: str, text: str, type_: Type) -> str:
    """The SQL of a column that an expression reads, from the SQL of its text."""
    typed = text if type_ == "varchar" else f"try_cast(nullif({text}, '') as {type_})"
    return f"{typed} as {name(column)}"


def misfit(column: str, text: str, type_: Type) -> str:
    """The SQL of a case that finds a text which is not of its column's type."""
    if type_ == "varchar":
        return ""
    label = column.replace("'", "''")
    return (
        f"when {text} <> '' and try_cast({text} as {type_}) is null"
        f" then '{label} is not a number, which --map needs'"
    )


def guess(values: Iterable[object]) -> Type:
    """The type of a column by some of its values: a number only when every one of them is."""
    texts = [str(value) for value in values if value is not None and value != ""]
    if texts and all(_INTEGER.fullmatch(text) for text in texts):
        return "bigint"
    if texts and all(_NUMBER.fullmatch(text) for text in texts):
        return "double"
    return "varchar"
