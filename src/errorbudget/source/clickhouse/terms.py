"""What a part of a criterion is for ClickHouse, and what it is as a number or as a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TermKind = Literal["text", "whole", "number", "truth", "time", "nothing"]


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a criterion; one operand wherever it is put."""

    sql: str
    kind: TermKind
    literal: str | None = None
    """What it says where it is written out."""
    undefined: bool = False
    """Whether it may be NaN, which DuckDB takes for the greatest number of all."""


def quoted(text: str) -> str:
    """Text as ClickHouse reads it between quotes, where a backslash escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def ordered(term: Term) -> str:
    """A term as it is compared."""
    return f"if(isNaN({term.sql}), inf, {term.sql})" if term.undefined else term.sql


def as_number(term: Term) -> str:
    """A term as a DOUBLE; a text that is no number is NULL."""
    if term.kind == "text":
        return f"toFloat64OrNull(trimBoth({term.sql}))"
    return term.sql if term.kind == "number" else f"toFloat64({term.sql})"


def whole(term: Term, kind: str = "Int64") -> str:
    """A term as a whole number, NULL where there is none, or none that `kind` has room for."""
    match term.kind:
        case "text":
            text = f"trimBoth({term.sql})"
            plain = f"match({text}, '^[+-]?[0-9]{{1,18}}$')"
            exact = f"toInt64OrNull(replaceOne({text}, '+', ''))"
            return f"accurateCastOrNull(if({plain}, {exact}, {_rounded(text)}), '{kind}')"
        case "number":
            # Halves go to the even neighbour, as processors round.
            return f"accurateCastOrNull(roundBankers({term.sql}), '{kind}')"
        case _:
            return f"accurateCastOrNull({term.sql}, '{kind}')"


def _rounded(text: str) -> str:
    """A text that is a number with a fraction, halves away from zero; NULL for any other."""
    number = f"toFloat64OrNull({text})"
    away = f"sign({number}) * floor(abs({number}) + 0.5)"
    return f"accurateCastOrNull({away}, 'Int64')"


def text_of(term: Term) -> str:
    """A term as text, written as DuckDB writes it."""
    match term.kind:
        case "text":
            return term.sql
        case "number":
            plain = f"replaceRegexpOne(toString({term.sql}), 'e([0-9])', 'e+\\\\1')"
            return f"if(match({plain}, '^-?[0-9]+$'), concat({plain}, '.0'), {plain})"
        case "time":
            return f"replaceRegexpOne(toString({term.sql}), '[.]?0+$', '')"
        case _:
            return f"toString({term.sql})"
