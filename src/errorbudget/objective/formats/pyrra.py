"""Pyrra's ServiceLevelObjective.

https://github.com/pyrra-dev/pyrra/blob/main/kubernetes/api/v1alpha1/servicelevelobjective_types.go
"""

import re
from decimal import Decimal

from errorbudget.objective.formats import queries
from errorbudget.objective.formats.foreign import Node
from errorbudget.objective.formats.imported import Draft, Import, LeftOut, folded, target
from errorbudget.objective.formats.sloth import window


def take(found: Import, roots: list[Node]) -> None:
    """Take every objective of a file in."""
    for root in roots:
        root.get("apiVersion")
        if root.text("kind") != "ServiceLevelObjective" or not root.get("spec"):
            root.settle()
            found.warn(root, "is no ServiceLevelObjective of Pyrra; left out")
            continue
        name = root.text("metadata", "name")
        try:
            found.add(found.service or name, _draft(found, root), root.at("metadata", "name"))
        except LeftOut as why:
            root.settle()
            found.warn(why.node, why.what)
        found.leave(root)


def _draft(found: Import, root: Node) -> Draft:
    percent = root.number("spec", "target")
    where = root.at("spec", "target")
    if percent is not None and percent < 1:
        found.warn(where, f"is {percent} %, and not {percent * 100} %: Pyrra counts to 100")
    return Draft(
        name=root.text("metadata", "name"),
        description=folded(root.get("spec", "description")),
        queries=_queries(found, root),
        target=target(where, percent),
        window=window(root.at("spec", "window"), root.text("spec", "window")),
    )


def _queries(found: Import, root: Node) -> dict[str, str]:
    indicator = root.get("spec", "indicator")
    kinds = indicator.fields() if indicator else {}
    given = [name for name in kinds if kinds[name].value is not None]
    if indicator is None or len(given) != 1 or given[0] not in _KINDS:
        known = ", ".join(_KINDS)
        where = root.at("spec", "indicator")
        raise LeftOut(where, f"is not exactly one of {known}; the objective is left out")
    return _KINDS[given[0]](found, kinds[given[0]])


def _metric(node: Node, *path: str) -> str:
    return queries.selector(node.at(*path), node.text(*path))


def _ratio(_found: Import, ratio: Node) -> dict[str, str]:
    return {
        "bad": _metric(ratio, "errors", "metric"),
        "valid": _metric(ratio, "total", "metric"),
    }


def _latency(_found: Import, latency: Node) -> dict[str, str]:
    good = _metric(latency, "success", "metric")
    bound = re.search(r'\ble\s*=\s*"([^"]*)"', good)
    if not bound or not _is_number(bound[1]):
        where = latency.at("success", "metric")
        raise LeftOut(where, 'has no le="…", the bound of its histogram bucket; left out')
    return {"good": good, "valid": _metric(latency, "total", "metric")}


def _native(found: Import, latency: Node) -> dict[str, str]:
    total = _metric(latency, "total", "metric")
    text = latency.text("latency")
    seconds = _seconds(text)
    if seconds is None:
        raise LeftOut(latency.at("latency"), f'"{text}" is no duration; left out')
    increase = f"increase({total}[$window])"
    count = f"histogram_count({increase})"
    found.warn(latency.at("latency"), "is estimated within the buckets of a native histogram")
    return {
        "good": f"sum(histogram_fraction(0, {seconds:f}, {increase}) * {count})",
        "valid": f"sum({count})",
    }


def _gauge(found: Import, gauge: Node) -> dict[str, str]:
    metric = _metric(gauge, "metric")
    found.warn(gauge.at("metric"), "is a gauge: its samples are counted, not requests")
    return {
        "good": f"sum(sum_over_time({metric}[$window]))",
        "valid": f"sum(count_over_time({metric}[$window]))",
    }


_KINDS = {"ratio": _ratio, "latency": _latency, "latencyNative": _native, "bool_gauge": _gauge}


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?", text) is not None


def _seconds(text: str) -> Decimal | None:
    units = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600)}
    parts = re.fullmatch(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+", text)
    if not parts:
        return None
    found = re.findall(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)", text)
    return sum((Decimal(n) * units[unit] for n, unit in found), Decimal(0)).normalize()
