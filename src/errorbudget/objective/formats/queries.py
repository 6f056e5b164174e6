"""Other tools' PromQL, rewritten so that it counts requests over `$window`."""

import re
from typing import Final

from errorbudget.objective import promql
from errorbudget.objective.formats.foreign import Node
from errorbudget.objective.formats.imported import Import, LeftOut

_SLOTH_WINDOW: Final = re.compile(r"\{\{-?\s*\.window\s*-?\}\}")
_TEMPLATE: Final = re.compile(r"\{\{")
_FIXED_RANGE: Final = re.compile(r"\[\s*(?:[0-9]+(?:ms|[smhdwy]))+\s*\]")
_RATE: Final = re.compile(r"\b(?:i?rate)\s*\(")
_SUM: Final = re.compile(r"sum\s*\((.*)\)")


def one_line(text: str) -> str:
    """A query without its layout."""
    without = re.sub(r"(?m)^\s*#.*$", "", text)
    return " ".join(without.split())


def templated(found: Import, node: Node) -> str:
    """A Sloth query, whose `{{.window}}` is the range. Raises LeftOut."""
    text = one_line(str(node.value))
    if not _SLOTH_WINDOW.search(text):
        raise LeftOut(node, "has no [{{.window}}], so it is not of a window; left out")
    text = _SLOTH_WINDOW.sub("$window", text)
    if _TEMPLATE.search(text):
        raise LeftOut(node, "uses a template other than {{.window}}, which nobody fills in here")
    return _counting(found, node, text)


def counters(found: Import, node: Node) -> str:
    """An OpenSLO query of a counter that only grows. Raises LeftOut."""
    text = one_line(str(node.value))
    summed = _SUM.fullmatch(text)
    if summed and promql.is_selector(summed[1].strip()):
        text = summed[1].strip()
    elif ranged := _ranged(found, node, text):
        text = ranged
    elif not promql.is_selector(text):
        text = f"increase(({text})[$window:1m])"
    return _counting(found, node, text)


def samples(found: Import, node: Node) -> str:
    """An OpenSLO query of a value that is a count of its own at each moment. Raises LeftOut."""
    text = one_line(str(node.value))
    ranged = _ranged(found, node, text)
    return _counting(found, node, ranged or f"sum_over_time(({text})[$window:1m])")


def selector(node: Node, text: str = "") -> str:
    """A bare selector, as Pyrra takes it. Raises LeftOut."""
    text = one_line(text or str(node.value))
    if not promql.is_selector(text):
        raise LeftOut(node, "is no bare metric selector; left out")
    return text


def _ranged(found: Import, node: Node, text: str) -> str:
    if not _FIXED_RANGE.search(text):
        return ""
    found.warn(node, "is over a fixed range; here it is over every window that is asked for")
    return _FIXED_RANGE.sub("[$window]", text)


def _counting(found: Import, node: Node, text: str) -> str:
    # A rate is the increase by the second: as it stands, a budget would count 1/60 of its requests.
    if _RATE.search(text):
        found.warn(node, "takes a rate; written as increase, so that it counts requests")
        text = _RATE.sub("increase(", text)
    try:
        return promql.query(text)
    except ValueError as cause:
        raise LeftOut(node, f"{cause}; left out") from None
