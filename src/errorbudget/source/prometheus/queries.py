"""What does a document's PromQL count? Counters that are added and taken away, most often one.

Counters are fetched as they were scraped and counted here: a server's own `increase` is drawn out
to the edges of its window, and so counts requests that nobody made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import promql_parser as promql

from errorbudget.source import NotTold

Node = Any
"""A node as promql_parser makes it."""

_WINDOW: Final = "$window"
_STAND_IN: Final = "61s"
"""In the place of `$window`, to be parsed; nobody writes it."""
_BOUND: Final = re.compile(r'\ble\s*=\s*"([^"]*)"\s*,?')
_GUESSING: Final = ("rate", "increase", "irate", "delta", "idelta", "deriv", "predict_linear")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """The series of a selector, added or taken away."""

    selector: str
    sign: int = 1
    upper: float | None = None
    """Of native histograms: only requests up to this bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query that counts by itself, to be asked over a minute at a time."""

    query: str


Plan = tuple[Counter, ...] | Asked


@lru_cache(maxsize=65536)
def plan(text: str) -> Plan:
    """How a query of a document is counted. Raises NotTold for one that can only be guessed."""
    try:
        tree = promql.parse(text.replace(_WINDOW, _STAND_IN))
    except ValueError as cause:
        raise NotTold(f"{text}: no PromQL: {cause}") from cause
    counters = _counters(tree, 1)
    if counters is not None:
        return tuple(counters)
    if any(f"{name}(" in text.replace(" ", "") for name in _GUESSING):
        raise NotTold(
            f"{text}: the requests of a minute can only be guessed of this",
            "Write a counter's selector, or sums and differences of sum(increase(…[$window])).",
        )
    return Asked(query=text.replace(_WINDOW, "1m"))


def bounded(selector: str) -> tuple[str, str] | None:
    """The bound that a selector of buckets asks for, and the same selector for every bound."""
    bound = _BOUND.search(selector)
    return (bound[1], selector.replace(bound[0], "")) if bound else None


def _counters(node: Node, sign: int) -> list[Counter] | None:
    """The counters that a node adds up; None where it does something else as well."""
    match node:
        case promql.VectorSelector() if node.offset is None and node.at is None:
            return [Counter(selector=node.prettify(), sign=sign)]
        case promql.ParenExpr():
            return _counters(node.expr, sign)
        case promql.AggregateExpr() if str(node.op) == "sum":
            return _counters(node.expr, sign)
        case promql.Call():
            return _called(node, sign)
        case promql.BinaryExpr():
            return _both(node, sign)
        case _:
            return None


def _called(node: Node, sign: int) -> list[Counter] | None:
    name = node.func.name
    if name == "increase":
        selector = _increased(node)
        return [Counter(selector=selector, sign=sign)] if selector else None
    if name == "histogram_count":
        return _counters(node.args[0], sign)
    return None


def _both(node: Node, sign: int) -> list[Counter] | None:
    name, left, right = str(node.op), node.lhs, node.rhs
    if name == "or" and _is_nothing(right):
        return _counters(left, sign)
    if name == "*":
        return _share(left, right, sign) or _share(right, left, sign)
    # Unsummed series would be matched one by one, and those without a partner left out.
    if name not in ("+", "-") or not (_is_total(left) and _is_total(right)):
        return None
    first = _counters(left, sign)
    second = _counters(right, sign if name == "+" else -sign)
    return None if first is None or second is None else [*first, *second]


def _share(fraction: Node, count: Node, sign: int) -> list[Counter] | None:
    """`histogram_fraction(0, T, increase(H)) * histogram_count(increase(H))`."""
    calls = [getattr(getattr(one, "func", None), "name", "") for one in (fraction, count)]
    if calls != ["histogram_fraction", "histogram_count"]:
        return None
    lower, upper, histogram = fraction.args
    selector = _increased(histogram)
    if selector is None or selector != _increased(count.args[0]) or lower.val > 0:
        return None
    return [Counter(selector=selector, sign=sign, upper=float(upper.val))]


def _increased(node: Node) -> str | None:
    """The selector whose increase over the window is asked for."""
    if not isinstance(node, promql.Call) or node.func.name != "increase":
        return None
    ranged = node.args[0]
    if not isinstance(ranged, promql.MatrixSelector) or ranged.range.total_seconds() != 61:
        return None
    inner = ranged.vector_selector
    return None if inner.offset is not None or inner.at is not None else inner.prettify()


def _is_total(node: Node) -> bool:
    match node:
        case promql.ParenExpr():
            return _is_total(node.expr)
        case promql.AggregateExpr():
            return str(node.op) == "sum" and node.modifier is None
        case promql.BinaryExpr():
            return _is_total(node.lhs) and (_is_nothing(node.rhs) or _is_total(node.rhs))
        case _:
            return False


def _is_nothing(node: Node) -> bool:
    return (
        isinstance(node, promql.Call)
        and node.func.name == "vector"
        and getattr(node.args[0], "val", None) == 0
    )


def present(text: str) -> list[str]:
    """What is there as long as what a query counts is: its selectors, or the query itself."""
    planned = plan(text)
    if isinstance(planned, Asked):
        return [planned.query]
    return list(dict.fromkeys(counter.selector for counter in planned))
