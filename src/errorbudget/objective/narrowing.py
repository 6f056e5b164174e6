"""An indicator of fewer requests: those with some values, for who looks at them one by one."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from errorbudget.errors import Failure
from errorbudget.objective.criterion import check_criterion
from errorbudget.objective.indicator import Indicator
from errorbudget.objective.refusal import CriterionRefused
from errorbudget.request import COLUMNS

_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def narrowed(indicator: Indicator, match: Mapping[str, str]) -> Indicator:
    """Valid are only requests with these values, as text, by column or `attributes.NAME`.

    Empty text is a value that is missing. Raises Failure for what is no column, or not of its kind.
    """
    if not match:
        return indicator
    valid = [f"({indicator.valid.text})"] if indicator.valid else []
    valid += [f"({_equals(column, value)})" for column, value in match.items()]
    try:
        return replace(indicator, valid=check_criterion(" AND ".join(valid)))
    except CriterionRefused as refused:
        asked = ", ".join(f"{column}={value}" for column, value in match.items())
        raise Failure(f"{asked}: {refused}") from None


def _equals(column: str, value: str) -> str:
    name = column.removeprefix("attributes.")
    if name != column:
        entry = f"attributes[{_quoted(name)}]"
        return f"{entry} = {_quoted(value)}" if value else f"{entry} IS NULL OR {entry} = ''"
    kind = COLUMNS.get(column)
    if kind is None or kind in ("map", "time"):
        known = ", ".join(one for one, of in COLUMNS.items() if of not in ("map", "time"))
        raise Failure(f"{column}: requests are told apart by {known} and attributes.NAME")
    if kind == "text":
        return f"{column} = {_quoted(value)}"
    if not value:
        return f"{column} IS NULL"
    if kind == "boolean":
        return column if value == "true" else f"NOT {column}"
    if not _NUMBER.fullmatch(value):
        raise Failure(f"{column}={value}: write a number")
    return f"{column} = {value}"


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
