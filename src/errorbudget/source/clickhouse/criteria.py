"""Writes a criterion for ClickHouse, so that it judges each request as DuckDB does.

A criterion comes as the SQL that was made of it for DuckDB, out of few kinds of nodes. Each has a
rule here. Whole numbers that leave 64 bits, and texts that are no numbers, are NULL, as there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

import sqlglot
from sqlglot import exp

from errorbudget.request import COLUMNS
from errorbudget.source import CriterionFailed
from errorbudget.source.clickhouse.functions import FUNCTIONS
from errorbudget.source.clickhouse.terms import (
    Term,
    TermKind,
    as_number,
    ordered,
    quoted,
    text_of,
    whole,
)

Node = Any
"""A node as sqlglot makes it."""

_COMPARED: Final[dict[type[Any], str]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_ARITHMETIC: Final[dict[type[Any], str]] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
}
_KINDS: Final[dict[str, TermKind]] = {
    "text": "text",
    "integer": "whole",
    "count": "whole",
    "number": "number",
    "boolean": "truth",
    "time": "time",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A criterion for ClickHouse, over the columns `q_NAME` of a relation of requests."""

    sql: str
    columns: frozenset[str]
    """The columns of a request that it reads; `attributes.NAME` for an entry."""


@lru_cache(maxsize=4096)
def written(sql: str) -> Written:
    """DuckDB's SQL of a criterion for ClickHouse. Raises CriterionFailed for what it cannot say."""
    scope = _Scope()
    term = _write(sqlglot.parse_one(sql, dialect="duckdb"), scope)
    return Written(sql=f"({term.sql})", columns=frozenset(scope.used))


def column(name: str) -> str:
    """What a column of a request, or `attributes.NAME`, is called in a relation of requests."""
    return "`q_" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


@dataclass(slots=True)
class _Scope:
    used: set[str] = field(default_factory=set[str])


def _write(node: Node, scope: _Scope) -> Term:
    rule = _RULES.get(type(node))
    if rule is None:
        raise CriterionFailed(
            f"a criterion says {node.sql(dialect='duckdb')[:60]}, which ClickHouse is not asked",
            "Write it with other functions, or count these requests in the embedded warehouse.",
        )
    return rule(node, scope)


def _each(nodes: Sequence[Node], scope: _Scope) -> list[Term]:
    return [_write(node, scope) for node in nodes]


def _column(node: Node, scope: _Scope) -> Term:
    scope.used.add(node.name)
    return Term(column(node.name), _KINDS[COLUMNS[node.name]])


def _entry(node: Node, scope: _Scope) -> Term:
    name = f"attributes.{node.expressions[0].name}"
    scope.used.add(name)
    return Term(column(name), "text")


def _literal(node: Node, _: _Scope) -> Term:
    text = str(node.this)
    if node.is_string:
        return Term(quoted(text), "text", literal=text)
    return Term(text, "whole" if text.isdigit() else "number", literal=text)


def _joined(sign: str) -> _Rule:
    def rule(node: Node, scope: _Scope) -> Term:
        links: list[Node] = []
        link = node
        while type(link) is type(node):
            links.append(link.expression)
            link = link.this
        terms = _each([link, *reversed(links)], scope)
        return Term(f"({f' {sign} '.join(term.sql for term in terms)})", "truth")

    return rule


def _not(node: Node, scope: _Scope) -> Term:
    return Term(f"(not {_write(node.this, scope).sql})", "truth")


def _parenthesised(node: Node, scope: _Scope) -> Term:
    term = _write(node.this, scope)
    return replace(term, sql=f"({term.sql})")


def _alike(terms: Sequence[Term]) -> list[str]:
    """The terms as they are compared: a whole number beside a fraction is one too."""
    if {"whole", "number"} <= {term.kind for term in terms}:
        return [ordered(replace(term, sql=as_number(term))) for term in terms]
    return [ordered(term) for term in terms]


def _comparison(node: Node, scope: _Scope) -> Term:
    left, right = _alike(_each((node.this, node.expression), scope))
    return Term(f"({left} {_COMPARED[type(node)]} {right})", "truth")


def _distinct(sign: str) -> _Rule:
    def rule(node: Node, scope: _Scope) -> Term:
        left, right = _alike(_each((node.this, node.expression), scope))
        return Term(f"({sign}({left}, {right}))", "truth")

    return rule


def _is(node: Node, scope: _Scope) -> Term:
    term, value = _write(node.this, scope), node.expression
    if type(value) is exp.Null:
        return Term(f"isNull({term.sql})", "truth")
    said = term.sql if value.this else f"not {term.sql}"
    return Term(f"ifNull({said}, false)", "truth")


def _between(node: Node, scope: _Scope) -> Term:
    value, low, high = _alike(_each((node.this, node.args["low"], node.args["high"]), scope))
    return Term(f"({value} between {low} and {high})", "truth")


def _in(node: Node, scope: _Scope) -> Term:
    terms = _each((node.this, *node.expressions), scope)
    value, *listed = _alike(terms)
    if all(term.literal is not None for term in terms[1:]):
        return Term(f"({value} in ({', '.join(listed)}))", "truth")
    return Term(f"({' or '.join(f'{value} = {one}' for one in listed)})", "truth")


def _like(node: Node, scope: _Scope) -> Term:
    value, pattern = _each((node.this, node.expression), scope)
    # A backslash is a character like any other there, and escapes the next one here.
    if pattern.literal is not None:
        plain = quoted(pattern.literal.replace("\\", "\\\\"))
    else:
        plain = f"replaceAll({pattern.sql}, '\\\\', '\\\\\\\\')"
    sign = "not like" if node.args.get("negate") else "like"
    if type(node) is exp.ILike:
        return Term(f"(lowerUTF8({value.sql}) {sign} lowerUTF8({plain}))", "truth")
    return Term(f"({value.sql} {sign} {plain})", "truth")


def _arithmetic(node: Node, scope: _Scope) -> Term:
    left, right = _each((node.this, node.expression), scope)
    sign = _ARITHMETIC[type(node)]
    if sign == "/" or "number" in (left.kind, right.kind):
        undefined = sign in "/%" or left.undefined or right.undefined
        sql = f"({as_number(left)} {sign} {as_number(right)})"
        return Term(sql, "number", undefined=undefined)
    if sign == "%":
        return Term(f"modulo({whole(left)}, nullIf({whole(right)}, 0))", "whole")
    wide = f"toInt128({left.sql}) {sign} toInt128({right.sql})"
    return Term(f"accurateCastOrNull({wide}, 'Int64')", "whole")


def _negative(node: Node, scope: _Scope) -> Term:
    term = _write(node.this, scope)
    if term.kind == "number" or term.literal is not None:
        literal = term.literal and f"-{term.literal}"
        return replace(term, sql=f"(-{term.sql})", literal=literal)
    return Term(f"accurateCastOrNull(-toInt128({term.sql}), 'Int64')", "whole")


def _text_joined(node: Node, scope: _Scope) -> Term:
    left, right = _each((node.this, node.expression), scope)
    return Term(f"concat({left.sql}, {right.sql})", "text")


def _case(node: Node, scope: _Scope) -> Term:
    subject = _write(node.this, scope) if node.this else None
    ways: list[str] = []
    results: list[Term] = []
    for way in node.args["ifs"]:
        when, then = _each((way.this, way.args["true"]), scope)
        condition = when.sql if subject is None else " = ".join(_alike([subject, when]))
        ways.append(f"ifNull({condition}, false)")
        results.append(then)
    default = node.args.get("default")
    results.append(_write(default, scope) if default else Term("NULL", "nothing"))
    kinds: set[TermKind] = {term.kind for term in results if term.kind != "nothing"}
    is_mixed = kinds == {"whole", "number"}
    values = [as_number(term) if is_mixed else term.sql for term in results]
    pairs = [part for pair in zip(ways, values, strict=False) for part in pair]
    kind: TermKind = "number" if is_mixed else (kinds.pop() if kinds else "nothing")
    undefined = any(term.undefined for term in results)
    return Term(f"multiIf({', '.join([*pairs, values[-1]])})", kind, undefined=undefined)


def _cast(node: Node, scope: _Scope) -> Term:
    term, to = _write(node.this, scope), str(getattr(node.args["to"].this, "value", ""))
    if term.kind == "nothing":
        return Term("NULL", "nothing")
    match to:
        case "TEXT" | "VARCHAR":
            found = Term(text_of(term), "text")
        case "INT" | "BIGINT":
            found = Term(whole(term, "Int32" if to == "INT" else "Int64"), "whole")
        case "DOUBLE":
            found = Term(as_number(term), "number", undefined=term.undefined)
        case "BOOLEAN":
            found = Term(_truth(term), "truth")
        case _:
            found = Term(_moment(term, to), "time")
    return found


def _moment(term: Term, to: str) -> str:
    sql = term.sql
    if term.kind == "text":
        sql = f"parseDateTime64BestEffortOrNull({sql}, 6, 'UTC')"
    return f"toStartOfDay({sql})" if to == "DATE" else sql


def _truth(term: Term) -> str:
    if term.kind != "text":
        return term.sql if term.kind == "truth" else f"({term.sql} <> 0)"
    said = f"lower(trimBoth({term.sql}))"
    yes, no = "('true', 't', '1', 'yes', 'y')", "('false', 'f', '0', 'no', 'n')"
    return f"multiIf({said} in {yes}, true, {said} in {no}, false, NULL)"


def _call(node: Node, scope: _Scope) -> Term:
    name, given = _named(node)
    return FUNCTIONS[name](_each(given, scope))


def _named(node: Node) -> tuple[str, list[Node]]:
    """The function that a node calls, and what with."""
    if type(node) is exp.Anonymous:
        return str(node.this).lower(), list(node.expressions)
    name = _CALLED[type(node)]
    if name == "trim":
        name = _SIDES.get(str(node.args.get("position")), name)
    arguments = [node.args.get(part) for part in _PARTS.get(name, ("this", "expression"))]
    given = [one for one in arguments if one is not None and not isinstance(one, bool)]
    return name, [*given, *(node.expressions if name in _LISTS else ())]


_CALLED: Final[dict[type[Any], str]] = {
    exp.Abs: "abs",
    exp.Ceil: "ceil",
    exp.Coalesce: "coalesce",
    exp.Concat: "concat",
    exp.Contains: "contains",
    exp.EndsWith: "ends_with",
    exp.Floor: "floor",
    exp.Greatest: "greatest",
    exp.Least: "least",
    exp.Length: "length",
    exp.Lower: "lower",
    exp.Nullif: "nullif",
    exp.RegexpLike: "regexp_matches",
    exp.Replace: "replace",
    exp.Round: "round",
    exp.SplitPart: "split_part",
    exp.StartsWith: "starts_with",
    exp.Substring: "substr",
    exp.Trim: "trim",
    exp.Upper: "upper",
}
_PARTS: Final = {
    "regexp_matches": ("this", "expression", "flag"),
    "replace": ("this", "expression", "replacement"),
    "round": ("this", "decimals"),
    "split_part": ("this", "delimiter", "part_index"),
    "substr": ("this", "start", "length"),
    "concat": (),
}
_SIDES: Final = {"LEADING": "ltrim", "TRAILING": "rtrim"}
_LISTS: Final = ("coalesce", "concat", "greatest", "least")

_Rule = Callable[[Node, _Scope], Term]
_RULES: Final[dict[type[Any], _Rule]] = {
    exp.Column: _column,
    exp.Bracket: _entry,
    exp.Literal: _literal,
    exp.Boolean: lambda node, _: Term("true" if node.this else "false", "truth"),
    exp.Null: lambda _node, _: Term("NULL", "nothing"),
    exp.Paren: _parenthesised,
    exp.And: _joined("and"),
    exp.Or: _joined("or"),
    exp.Not: _not,
    exp.Is: _is,
    exp.Between: _between,
    exp.In: _in,
    exp.Like: _like,
    exp.ILike: _like,
    exp.Neg: _negative,
    exp.DPipe: _text_joined,
    exp.Case: _case,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Try: lambda node, scope: _write(node.this, scope),
    exp.AtTimeZone: lambda node, scope: _write(node.this, scope),
    exp.NullSafeEQ: _distinct("isNotDistinctFrom"),
    exp.NullSafeNEQ: _distinct("not isNotDistinctFrom"),
    exp.Anonymous: _call,
    **dict.fromkeys(_COMPARED, _comparison),
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    **dict.fromkeys(_CALLED, _call),
}
