"""Which functions may an expression call, with what, and what do they give?"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from errorbudget.objective.patterns import regexp_fault, time_format_fault
from errorbudget.objective.pieces import Piece, PieceKind, attempt, common, demand
from errorbudget.objective.refusal import CriterionRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    takes: tuple[PieceKind, ...]
    gives: PieceKind
    required: int
    sql: str
    may_fail: bool
    check: Callable[[Sequence[Piece]], None] | None


def call(name: str, given: Sequence[Piece], *, judges: bool) -> Piece:
    """The call of `name` with the pieces `given`. Raises CriterionRefused."""
    known = _JUDGING if judges else _JUDGING | _MAPPING
    if name in _ALIKE:
        return _alike(name, given)
    if name not in known:
        names = ", ".join(sorted((*known, *_ALIKE)))
        raise CriterionRefused(f"calls {name}(), which is not allowed; functions are: {names}")
    return _fixed(name, known[name], given)


def _fixed(name: str, known: _Call, given: Sequence[Piece]) -> Piece:
    if not known.required <= len(given) <= len(known.takes):
        wanted = " or ".join(str(n) for n in range(known.required, len(known.takes) + 1))
        raise CriterionRefused(f"calls {name}() with {len(given)} values; it takes {wanted}")
    for piece, kind in zip(given, known.takes, strict=False):
        demand(piece, kind, f"{name}()")
    if known.check:
        known.check(given)
    if name == "strptime":
        return _parsed_time(given)
    sql = known.sql.format(", ".join(piece.sql for piece in given))
    return Piece(attempt(sql) if known.may_fail else sql, known.gives)


def _alike(name: str, given: Sequence[Piece]) -> Piece:
    fewest, most = _ALIKE[name]
    if not fewest <= len(given) <= most:
        raise CriterionRefused(f"calls {name}() with {len(given)} values; give it {fewest} or more")
    kind = common(given, f"{name}()")
    if name == "concat" and kind != "text":
        raise CriterionRefused("joins what is not text; CAST it AS VARCHAR")
    return Piece(f"{name}({', '.join(piece.sql for piece in given)})", kind)


def _literal(piece: Piece, what: str) -> str:
    if piece.literal is None:
        raise CriterionRefused(f"computes {what}; write it as text in quotes")
    return piece.literal


def _regexp(given: Sequence[Piece]) -> None:
    if fault := regexp_fault(_literal(given[1], "the pattern of regexp_matches()")):
        raise CriterionRefused(f"has a regular expression that {fault}")
    if len(given) > 2 and given[2].literal not in ("i", "c"):
        raise CriterionRefused("gives regexp_matches() an option other than 'i' or 'c'")


def _digits(given: Sequence[Piece]) -> None:
    if len(given) > 1 and not re.fullmatch(r"\(?-?[0-9]{1,2}\)?", given[1].sql):
        raise CriterionRefused(
            "computes the digits of round(); write them, as in round(duration_ms, 1)"
        )


def _parsed_time(given: Sequence[Piece]) -> Piece:
    text, form = given
    wanted = _literal(form, "the format of strptime()")
    if fault := time_format_fault(wanted):
        raise CriterionRefused(f"has a time format that {fault}")
    sql = f"try_strptime({text.sql}, {form.sql})"
    # With an offset in its format the engine gives a moment in some zone, without one a plain time.
    zoned = "z" in re.findall(r"%-?(.)", wanted)
    return Piece(f"({sql} AT TIME ZONE 'UTC')" if zoned else sql, "time")


def _does_not_grow(given: Sequence[Piece]) -> None:
    # Nested replacements that each lengthen a text would multiply it beyond any memory.
    old, new = (_literal(piece, "what replace() exchanges") for piece in given[1:])
    if len(new) > len(old):
        raise CriterionRefused(
            "replaces text with longer text; the replacement may be at most as long"
        )


def _takes(
    *takes: PieceKind,
    gives: PieceKind,
    required: int | None = None,
    sql: str = "",
    may_fail: bool = False,
    check: Callable[[Sequence[Piece]], None] | None = None,
) -> _Call:
    least = len(takes) if required is None else required
    return _Call(takes=takes, gives=gives, required=least, sql=sql, may_fail=may_fail, check=check)


_ALIKE: Final = {
    "coalesce": (1, 64),
    "concat": (1, 64),
    "greatest": (1, 64),
    "least": (1, 64),
    "nullif": (2, 2),
}
"""Functions whose values are all of one kind, with how many they take; they give that kind."""

_JUDGING: Final = {
    "abs": _takes("number", gives="number", sql="abs({})", may_fail=True),
    "ceil": _takes("number", gives="number", sql="ceil({})", may_fail=True),
    "contains": _takes("text", "text", gives="boolean", sql="contains({})"),
    "ends_with": _takes("text", "text", gives="boolean", sql="ends_with({})"),
    "floor": _takes("number", gives="number", sql="floor({})", may_fail=True),
    "length": _takes("text", gives="integer", sql="length({})"),
    "lower": _takes("text", gives="text", sql="lower({})"),
    "ltrim": _takes("text", "text", gives="text", required=1, sql="ltrim({})"),
    "regexp_matches": _takes(
        "text", "text", "text", gives="boolean", required=2, sql="regexp_matches({})", check=_regexp
    ),
    "replace": _takes(
        "text", "text", "text", gives="text", sql="replace({})", check=_does_not_grow
    ),
    "round": _takes(
        "number",
        "integer",
        gives="number",
        required=1,
        sql="round({})",
        may_fail=True,
        check=_digits,
    ),
    "rtrim": _takes("text", "text", gives="text", required=1, sql="rtrim({})"),
    "split_part": _takes(
        "text", "text", "integer", gives="text", sql="split_part({})", may_fail=True
    ),
    "starts_with": _takes("text", "text", gives="boolean", sql="starts_with({})"),
    "substr": _takes(
        "text", "integer", "integer", gives="text", required=2, sql="substr({})", may_fail=True
    ),
    "trim": _takes("text", "text", gives="text", required=1, sql="trim({})"),
    "upper": _takes("text", gives="text", sql="upper({})"),
}

_MAPPING: Final = {
    "epoch_ms": _takes("integer", gives="time", sql="epoch_ms({})", may_fail=True),
    "strptime": _takes("text", "text", gives="time"),
    "to_timestamp": _takes(
        "number", gives="time", sql="to_timestamp({}) AT TIME ZONE 'UTC'", may_fail=True
    ),
}
"""What only the making of a column needs."""
