"""What does a criterion say, in a sentence that who never wrote SQL can sign?"""

from typing import Final

from sqlglot import exp
from sqlglot.expressions.core import Expr as Node

from errorbudget.objective.refusal import CriterionRefused
from errorbudget.objective.syntax import parse


def spoken(text: str) -> str:
    """A criterion in words; what has none stands there as it is written."""
    try:
        return _said(parse(text))
    except CriterionRefused:
        return text


def _said(node: Node) -> str:
    match node:
        case exp.Paren():
            return _said(node.this)
        case exp.And():
            return " and ".join(_grouped(one, exp.Or) for one in node.flatten(unnest=False))
        case exp.Or():
            return " or ".join(_grouped(one, exp.And) for one in node.flatten(unnest=False))
        case exp.Not():
            return _denied(_bare(node.this))
        case _:
            return _asserted(node, "is")


def _grouped(node: Node, other: type[Node]) -> str:
    """A part in parentheses where reading on would join it to its neighbours."""
    inner = _bare(node)
    return f"({_said(inner)})" if isinstance(inner, other) else _said(inner)


def _bare(node: Node) -> Node:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _denied(node: Node) -> str:
    if isinstance(node, exp.Is | exp.Between | exp.In | exp.Column):
        return _asserted(node, "is not")
    return f"not ({_said(node)})"


def _asserted(node: Node, verb: str) -> str:
    match node:
        case exp.Is() if isinstance(node.expression, exp.Null):
            has = "has no" if verb == "is" else "has a"
            return f"it {has} {_named(node.this)}"
        case exp.Between():
            low, high = (_value(node.this, node.args[edge]) for edge in ("low", "high"))
            return f"{_subject(node.this)} {verb} from {low} to {high}"
        case exp.In() if node.expressions:
            values = [_value(node.this, one) for one in node.expressions]
            return f"{_subject(node.this)} {verb} {_listed(values)}"
        case exp.Column() if node.name in _TRUTHS:
            return f"it {verb} {_TRUTHS[node.name]}"
        case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
            return _compared(node)
        case _:
            return node.sql(dialect="duckdb")


def _compared(node: Node) -> str:
    column, value = node.this, node.args["expression"]
    counted = _COUNTS.get(column.name if isinstance(column, exp.Column) else "")
    if counted and isinstance(node, exp.EQ) and value.name == "0":
        return counted
    return f"{_subject(column)} {_SIGNS[type(node)]} {_value(column, value)}"


def _subject(node: Node) -> str:
    named = _named(node)
    return _SUBJECTS.get(named, named)


def _named(node: Node) -> str:
    """A column, or the attribute that a map is asked for."""
    if isinstance(node, exp.Bracket) and len(node.expressions) == 1:
        return node.expressions[0].name
    return node.name if isinstance(node, exp.Column) else node.sql(dialect="duckdb")


def _value(column: Node, node: Node) -> str:
    if _named(column) == "duration_ms" and node.name.replace(".", "", 1).isdigit():
        milliseconds = float(node.name)
        seconds = f"{milliseconds / 1000:g} s"
        return seconds if milliseconds >= 1000 else f"{milliseconds:g} ms"
    return node.name if isinstance(node, exp.Literal) else node.sql(dialect="duckdb")


def _listed(values: list[str]) -> str:
    return " or ".join([", ".join(values[:-1]), values[-1]] if len(values) > 1 else values)


_SUBJECTS: Final = {"duration_ms": "its duration", "status": "its status", "route": "its route"}
_TRUTHS: Final = {"is_bot": "a bot's"}
_COUNTS: Final = {
    "error_logs": "no log record of an error belongs to it",
    "corrections": "nobody called it bad afterwards",
}
_SIGNS: Final[dict[type[Node], str]] = {
    exp.EQ: "is",
    exp.NEQ: "is not",
    exp.LT: "is below",
    exp.LTE: "is at most",
    exp.GT: "is above",
    exp.GTE: "is at least",
}
