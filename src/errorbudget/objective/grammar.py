"""What may an expression say, and how is each part of it written for DuckDB?

Each kind of node has one rule here. A node without a rule, or with an argument its rule does not
know, is refused. Rules check kinds, so that no row can make the result fail: it is NULL there.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlglot import exp

from errorbudget.objective.calls import call
from errorbudget.objective.notation import nearest
from errorbudget.objective.pieces import (
    NAMES,
    Piece,
    PieceKind,
    attempt,
    common,
    compared,
    demand,
    quoted,
)
from errorbudget.objective.refusal import CriterionRefused
from errorbudget.objective.syntax import Node
from errorbudget.request import ColumnType

_NUMBER: Final = re.compile(r"\d{1,18}(\.\d{0,18})?([eE][+-]?\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The columns an expression may name, and those that it has named."""

    columns: dict[str, ColumnType]
    judges: bool
    used: set[str] = field(default_factory=set[str])


def write(node: Node, scope: Scope) -> Piece:
    """The expression under `node`, anew. Raises CriterionRefused, naming what was found."""
    parts, rule = _RULES.get(type(node), ((), None))
    if rule is None or any(value and name not in parts for name, value in node.args.items()):
        raise CriterionRefused(_not_allowed(node))
    return rule(node, scope)


def _each(nodes: Sequence[Node], scope: Scope) -> list[Piece]:
    return [write(node, scope) for node in nodes]


def _column(node: Node, scope: Scope) -> Piece:
    name = _known(node.this, scope)
    kind = scope.columns[name]
    if kind == "map":
        raise CriterionRefused(f"uses {name} as a whole; name one entry, as in {name}['x']")
    return Piece(quoted(name, '"'), "integer" if kind == "count" else kind)


def _entry(node: Node, scope: Scope) -> Piece:
    keys: list[Node] = node.expressions
    owner: Node = node.this
    if type(owner) is not exp.Column or owner.args.get("table"):
        raise CriterionRefused("takes an entry of what is no map; write attributes['x']")
    name = _known(owner.this, scope)
    if scope.columns[name] != "map" or len(keys) != 1 or not keys[0].is_string:
        raise CriterionRefused(f"takes an entry of {name}; only a map has entries: attributes['x']")
    return Piece(f"{quoted(name, chr(34))}[{quoted(keys[0].name)}]", "text")


def _literal(node: Node, _: Scope) -> Piece:
    text = str(node.this)
    if node.is_string:
        return Piece(quoted(text), "text", literal=text)
    if not _NUMBER.fullmatch(text):
        raise CriterionRefused(
            f"holds the number {text[:40]}; write at most 18 digits before and after the point"
        )
    if text.isdigit():
        return Piece(text, "integer")
    # With an exponent it is a DOUBLE, as durations are. A DECIMAL would run out of digits when
    # multiplied or compared, and stop the count.
    return Piece(text if "e" in text.lower() else f"{text.rstrip('.')}e0", "number")


def _truth(node: Node, _: Scope) -> Piece:
    return Piece("TRUE" if node.this else "FALSE", "boolean")


def _null(_node: Node, _: Scope) -> Piece:
    return Piece("NULL", "null")


def _parenthesised(node: Node, scope: Scope) -> Piece:
    return replace(write(node.this, scope), predicate=False, literal=None)


def _joined(node: Node, scope: Scope) -> Piece:
    sign = "AND" if type(node) is exp.And else "OR"
    pieces = _each(_chain(node), scope)
    for piece in pieces:
        demand(piece, "boolean", sign)
    return Piece(f"({f' {sign} '.join(piece.sql for piece in pieces)})", "boolean", predicate=True)


def _chain(node: Node) -> list[Node]:
    """What a chain of one sign joins, left to right; a long chain must not recurse."""
    links: list[Node] = []
    link: Node = node
    while type(link) is type(node):
        links.append(link.expression)
        link = link.this
    return [link, *reversed(links)]


def _not(node: Node, scope: Scope) -> Piece:
    piece = write(node.this, scope)
    demand(piece, "boolean", "NOT")
    return Piece(f"(NOT {piece.sql})", "boolean", predicate=True)


def _comparison(node: Node, scope: Scope) -> Piece:
    sign = _COMPARISONS[type(node)]
    left, right = _each((node.this, node.expression), scope)
    compared((left, right), sign)
    return Piece(f"({left.sql} {sign} {right.sql})", "boolean", predicate=True)


def _is(node: Node, scope: Scope) -> Piece:
    piece, value = _each((node.this, node.expression), scope)
    if type(node.expression) is exp.Boolean:
        demand(piece, "boolean", f"IS {value.sql}")
    return Piece(f"({piece.sql} IS {value.sql})", "boolean", predicate=True)


def _between(node: Node, scope: Scope) -> Piece:
    pieces = _each((node.this, node.args["low"], node.args["high"]), scope)
    compared(pieces, "BETWEEN")
    value, low, high = pieces
    return Piece(f"({value.sql} BETWEEN {low.sql} AND {high.sql})", "boolean", predicate=True)


def _in(node: Node, scope: Scope) -> Piece:
    if not node.expressions:
        raise CriterionRefused("has an IN without a list; write IN ('a', 'b')")
    value, *listed = _each((node.this, *node.expressions), scope)
    compared((value, *listed), "IN")
    return Piece(
        f"({value.sql} IN ({', '.join(p.sql for p in listed)}))", "boolean", predicate=True
    )


def _like(node: Node, scope: Scope) -> Piece:
    sign = "LIKE" if type(node) is exp.Like else "ILIKE"
    sign = f"NOT {sign}" if node.args.get("negate") else sign
    value, pattern = _each((node.this, node.expression), scope)
    compared((value, pattern), sign)
    demand(value, "text", sign)
    return Piece(f"({value.sql} {sign} {pattern.sql})", "boolean", predicate=True)


def _arithmetic(node: Node, scope: Scope) -> Piece:
    sign = _ARITHMETIC[type(node)]
    pieces = _each((node.this, node.expression), scope)
    for piece in pieces:
        demand(piece, "number", sign)
    left, right = pieces
    kind = "number" if sign == "/" else common(pieces, sign)
    return Piece(attempt(f"{_wide(left, kind)} {sign} {right.sql}"), kind)


def _negative(node: Node, scope: Scope) -> Piece:
    piece = write(node.this, scope)
    demand(piece, "number", "-")
    if type(node.this) is exp.Literal:
        return Piece(f"(-{piece.sql})", piece.kind)
    return Piece(attempt(f"-{_wide(piece, piece.kind)}"), piece.kind)


def _wide(piece: Piece, kind: PieceKind) -> str:
    """An operand of arithmetic, with room for what whole numbers of 32 bits make together."""
    return f"CAST({piece.sql} AS BIGINT)" if kind == "integer" else piece.sql


def _text_joined(node: Node, scope: Scope) -> Piece:
    left, right = _each((node.this, node.expression), scope)
    demand(left, "text", "||")
    demand(right, "text", "||")
    return Piece(f"({left.sql} || {right.sql})", "text")


def _cast(node: Node, scope: Scope) -> Piece:
    piece, to = write(node.this, scope), node.args["to"]
    name = str(getattr(to.this, "value", to.this))
    if name not in _CASTS or to.expressions:
        allowed = "VARCHAR, INTEGER, BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMP"
        raise CriterionRefused(f"casts to {to.sql(dialect='duckdb')[:40]}; types are {allowed}")
    sql, kind, takes = _CASTS[name]
    if piece.kind not in (*takes, "null"):
        raise CriterionRefused(f"casts {NAMES[piece.kind]} to {NAMES[kind]}, which has no meaning")
    if kind == "time" and piece.kind == "text" and name != "DATE":
        sql = _MOMENT
    return Piece(sql.format(piece.sql), kind)


def _case(node: Node, scope: Scope) -> Piece:
    subject = write(node.this, scope) if node.this else None
    whens = [(write(way.this, scope), write(way.args["true"], scope)) for way in node.args["ifs"]]
    default = write(node.args["default"], scope) if node.args.get("default") else None
    for when, _ in whens:
        if subject:
            compared((subject, when), "CASE")
        else:
            demand(when, "boolean", "WHEN")
    results = [then for _, then in whens] + ([default] if default else [])
    ways = " ".join(f"WHEN {when.sql} THEN {then.sql}" for when, then in whens)
    start = f"CASE {subject.sql}" if subject else "CASE"
    end = f"ELSE {default.sql} END" if default else "END"
    return Piece(f"({start} {ways} {end})", common(results, "CASE"))


def _call(node: Node, scope: Scope) -> Piece:
    if not isinstance(node.this, str):
        raise CriterionRefused(
            "calls a function by a quoted or qualified name; write its plain name"
        )
    return call(node.this.lower(), _each(node.expressions, scope), judges=scope.judges)


def _known(name: Node, scope: Scope) -> str:
    """The column that an identifier means, spelled as it is known; engines ignore its case."""
    if type(name) is not exp.Identifier:
        raise CriterionRefused(_not_allowed(name))
    wanted = str(name.this)
    alike = [known for known in scope.columns if known.lower() == wanted.lower()]
    found = wanted if wanted in alike else (alike[0] if len(alike) == 1 else None)
    if found is None:
        raise CriterionRefused(
            _unknown(wanted, scope.columns, in_quotes=bool(name.args.get("quoted")))
        )
    scope.used.add(found)
    return found


def _unknown(wanted: str, columns: Collection[str], *, in_quotes: bool) -> str:
    if near := nearest(wanted, columns):
        return f"names the unknown column {wanted[:60]}; did you mean {near}?"
    if in_quotes:
        return f'names the unknown column "{wanted[:60]}"; text goes in single quotes'
    return f"names the unknown column {wanted[:60]}; columns are {', '.join(columns)}"


def _not_allowed(node: Node) -> str:
    name = _FOUND.get(type(node).__name__) or type(node).__name__.upper()
    return (
        f"uses {name}, which is not allowed; use columns, literals, comparisons, AND, OR, NOT, IN,"
        " BETWEEN, LIKE, IS NULL, CASE, CAST, + - * / % || and plain functions"
    )


_FOUND: Final = {
    "Select": "a subquery",
    "Subquery": "a subquery",
    "Exists": "a subquery",
    "In": "IN with something else than a list",
    "Column": "a table-qualified name",
    "Dot": "a qualified name",
    "Star": "`*`",
    "Placeholder": "a parameter",
    "Parameter": "a parameter",
    "PositionalColumn": "a column by its position",
    "Lambda": "a lambda",
    "JSONExtract": "`->`",
    "Window": "a window function",
    "Array": "a list",
    "Tuple": "a row of values",
    "Struct": "a struct",
    "RawString": "text between dollar signs",
    "ByteString": "text with a prefix before its quotes",
    "Concat": "two texts side by side",
    "IntDiv": "`//`",
    "RegexpLike": "`~`; write regexp_matches(route, 'pattern')",
}
"""What a person sees in the text for the nodes most often tried."""

_COMPARISONS: Final[dict[type[Any], str]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}
_ARITHMETIC: Final[dict[type[Any], str]] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
}
_NUMERIC: Final[tuple[PieceKind, ...]] = ("text", "integer", "number", "boolean")
# A cast to TIMESTAMP drops the offset that a text names. One to TIMESTAMPTZ heeds it, but without
# any takes the zone of the session. Here a moment without a zone is UTC.
_MOMENT: Final = (
    "(CASE WHEN regexp_matches({0}, ':.*([zZ]|[+-][0-9:]+)$')"
    " THEN TRY_CAST({0} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' ELSE TRY_CAST({0} AS TIMESTAMP) END)"
)
_CASTS: Final[dict[str, tuple[str, PieceKind, tuple[PieceKind, ...]]]] = {
    "TEXT": ("TRY_CAST({} AS VARCHAR)", "text", (*_NUMERIC, "time")),
    "VARCHAR": ("TRY_CAST({} AS VARCHAR)", "text", (*_NUMERIC, "time")),
    "INT": ("TRY_CAST({} AS INTEGER)", "integer", _NUMERIC),
    "BIGINT": ("TRY_CAST({} AS BIGINT)", "integer", _NUMERIC),
    "DOUBLE": ("TRY_CAST({} AS DOUBLE)", "number", _NUMERIC),
    "BOOLEAN": ("TRY_CAST({} AS BOOLEAN)", "boolean", _NUMERIC),
    "DATE": ("TRY_CAST({} AS DATE)", "time", ("text", "time")),
    "TIMESTAMP": ("TRY_CAST({} AS TIMESTAMP)", "time", ("text", "time")),
    "TIMESTAMPNTZ": ("TRY_CAST({} AS TIMESTAMP)", "time", ("text", "time")),
    "TIMESTAMPTZ": ("TRY_CAST({} AS TIMESTAMP)", "time", ("text", "time")),
}

_Rule = tuple[tuple[str, ...], Callable[[Node, Scope], Piece]]
_TWO: Final = ("this", "expression")
_RULES: Final[dict[type[Any], _Rule]] = {
    exp.Column: (("this",), _column),
    exp.Bracket: (("this", "expressions"), _entry),
    exp.Literal: (("this", "is_string"), _literal),
    exp.Boolean: (("this",), _truth),
    exp.Null: ((), _null),
    exp.Paren: (("this",), _parenthesised),
    exp.And: (_TWO, _joined),
    exp.Or: (_TWO, _joined),
    exp.Not: (("this",), _not),
    exp.Is: (_TWO, _is),
    exp.Between: (("this", "low", "high"), _between),
    exp.In: (("this", "expressions"), _in),
    exp.Like: ((*_TWO, "negate"), _like),
    exp.ILike: ((*_TWO, "negate"), _like),
    exp.Neg: (("this",), _negative),
    exp.DPipe: ((*_TWO, "safe"), _text_joined),
    exp.Cast: (("this", "to"), _cast),
    exp.TryCast: (("this", "to", "safe"), _cast),
    exp.Case: (("this", "ifs", "default"), _case),
    exp.Anonymous: (("this", "expressions"), _call),
    **dict.fromkeys(_COMPARISONS, (_TWO, _comparison)),
    **dict.fromkeys(_ARITHMETIC, ((*_TWO, "typed", "safe"), _arithmetic)),
}
"""For each node the arguments its rule reads, and the rule."""
