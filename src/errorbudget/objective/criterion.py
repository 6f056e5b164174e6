"""Which SQL may judge a request? Parses a criterion and writes it anew from what is allowed.

The text a person wrote never reaches an engine; only `Criterion.sql`, made piece by piece, does.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from errorbudget.objective.refusal import CriterionRefused
from errorbudget.request import COLUMNS, ColumnType


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """An expression over columns that no row can make fail: where it would, it is NULL."""

    text: str
    """As its author wrote it, for people."""
    sql: str
    """The same in DuckDB's SQL, for the engine: one parenthesised operand, columns quoted."""
    columns: frozenset[str]
    """The columns it reads."""


def check_criterion(text: str, columns: Mapping[str, ColumnType] = COLUMNS) -> Criterion:
    """The criterion in `text`: true, false or NULL of each request. Raises CriterionRefused."""
    return _checked(text, tuple(columns.items()), judges=True)


def check_expression(
    text: str, columns: Collection[str] | Mapping[str, ColumnType] = COLUMNS
) -> Criterion:
    """A value made of `columns`; plain names are text, as in a CSV file. Raises CriterionRefused.

    Beside what a criterion may say: `strptime`, `epoch_ms` and `to_timestamp`; every moment is UTC.
    """
    typed = columns if isinstance(columns, Mapping) else dict.fromkeys(columns, "text")
    return _checked(text, tuple(typed.items()), judges=False)


@lru_cache(maxsize=4096)
def _checked(text: str, columns: tuple[tuple[str, ColumnType], ...], *, judges: bool) -> Criterion:
    # Parsing SQL costs a tenth of a second to import; a command that reads no document skips it.
    from errorbudget.objective.grammar import Scope, write
    from errorbudget.objective.pieces import NAMES
    from errorbudget.objective.syntax import parse

    scope = Scope(columns=dict(columns), judges=judges)
    written = write(parse(text), scope)
    if judges and written.kind != "boolean":
        raise CriterionRefused(
            f"is {NAMES[written.kind]}, which judges nothing; compare it, as in `status < 500`"
        )
    return Criterion(text=text, sql=written.sql, columns=frozenset(scope.used))
