"""slo-generator's ServiceLevelObjective, version 2.

https://github.com/google/slo-generator/blob/master/docs/providers/prometheus.md
"""

import re
from typing import Final

from errorbudget.objective.formats import queries
from errorbudget.objective.formats.foreign import Node
from errorbudget.objective.formats.imported import Draft, Import, LeftOut, folded, labels, target

_PERIOD: Final = "28d"
_COMING: Final = ("feature_name", "slo_name", "slo_id")


def take(found: Import, roots: list[Node]) -> None:
    """Take every objective of a file in."""
    for root in roots:
        root.get("apiVersion")
        if root.text("kind") != "ServiceLevelObjective" or not root.get("spec"):
            root.settle()
            found.warn(root, "is no ServiceLevelObjective of slo-generator; left out")
            continue
        try:
            _objective(found, root)
        except LeftOut as why:
            root.settle()
            found.warn(why.node, why.what)
        found.leave(root)


def _objective(found: Import, root: Node) -> None:
    given = labels(root.get("metadata", "labels"))
    name = root.text("metadata", "name")
    service = found.service or given.pop("service_name", "") or name
    given.pop("service_name", None)
    called = "-".join(part for key in _COMING if (part := given.pop(key, ""))) or name
    goal = root.number("spec", "goal")
    where = root.at("spec", "goal")
    if not found.window:
        found.warn(where, f"states no window; {_PERIOD} is taken (--window says another)")
    draft = Draft(
        name=called,
        description=folded(root.get("spec", "description")),
        queries=_queries(root),
        target=target(where, None if goal is None else goal * 100),
        window=f"{{rolling: {found.window or _PERIOD}}}",
    )
    if any("${" in text for text in (service, called, *draft.queries.values())):
        raise LeftOut(where, "uses ${…} from the environment; fill it in first; left out")
    found.of(service).labels.update(given)
    found.add(service, draft, root.at("metadata", "name"))


def _queries(root: Node) -> dict[str, str]:
    backend, method = root.text("spec", "backend"), root.text("spec", "method")
    if backend.partition("/")[0] != "prometheus":
        raise LeftOut(
            root.at("spec", "backend"),
            f"reads {backend or 'nothing named'}, which has no equal here; left out",
        )
    indicator = root.get("spec", "service_level_indicator")
    if indicator is None or method not in _WAYS:
        raise LeftOut(
            root.at("spec", "method"), f"{method}: a ratio that knows no requests; left out"
        )
    return _WAYS[method](indicator)


def _ratio(indicator: Node) -> dict[str, str]:
    good, bad, valid = (_filter(indicator, f"filter_{side}") for side in ("good", "bad", "valid"))
    operators = [folded(one) for one in indicator.items("operators")]
    if operators and set(operators) - {"sum", "increase", "rate"}:
        raise LeftOut(indicator.at("operators"), f"{', '.join(operators)} count nothing; left out")
    if good and valid:
        return {"good": good, "valid": valid}
    if good and bad:
        return {
            "good": good,
            "valid": f"sum(increase({good}[$window])) + sum(increase({bad}[$window]))",
        }
    raise LeftOut(indicator, "has no filter_good with filter_valid or filter_bad; left out")


def _filter(indicator: Node, name: str) -> str:
    node = indicator.get(name)
    if node is None:
        return ""
    text = re.sub(r"\[\s*window\s*\]$", "", queries.one_line(str(node.value)))
    return queries.selector(node, text)


def _cut(indicator: Node) -> dict[str, str]:
    node, bound = indicator.at("expression"), indicator.text("threshold_bucket")
    text = queries.one_line(indicator.text("expression"))
    text = queries.selector(node, re.sub(r"\[\s*window\s*\]$", "", text))
    name, brace, rest = text.partition("{")
    if not name.rstrip().endswith("_bucket") or not re.fullmatch(r"[0-9.]+", bound):
        raise LeftOut(node, "is no _bucket with a threshold_bucket; left out")
    others = rest.rstrip().removesuffix("}").rstrip().rstrip(",") if brace else ""
    total = name.rstrip().removesuffix("_bucket") + "_count"
    matchers = ",".join(part for part in (others, f'le="{bound}"') if part)
    return {
        "good": f"{name.rstrip()}{{{matchers}}}",
        "valid": f"{total}{{{others}}}" if others else total,
    }


_WAYS: Final = {"good_bad_ratio": _ratio, "distribution_cut": _cut}
