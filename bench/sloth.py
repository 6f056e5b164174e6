"""Recording rules of objectives in the shape that Sloth 0.11 writes."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


def rules(services: Iterable[str], target: float) -> str:
    """A rule file, one availability objective of thirty days a service."""
    groups = [
        {"name": f"{kind}-{service}", "rules": [*made]}
        for service in services
        for kind, made in (("sli", _recordings(service)), ("meta", _meta(service, target)))
    ]
    return json.dumps({"groups": groups})


def _recordings(service: str) -> Iterator[dict[str, Any]]:
    for window in WINDOWS:
        bad = f'sum(rate(http_requests_total{{job="{service}",code=~"5.."}}[{window}]))'
        valid = f'sum(rate(http_requests_total{{job="{service}"}}[{window}]))'
        labels = _labels(service) | {"sloth_window": window}
        name = f"slo:sli_error:ratio_rate{window}"
        yield {"record": name, "expr": f"({bad}) / ({valid})", "labels": labels}
    short = f'slo:sli_error:ratio_rate5m{{sloth_id="{service}"}}[30d]'
    month = f"sum_over_time({short}) / ignoring (sloth_window) count_over_time({short})"
    labels = _labels(service) | {"sloth_window": "30d"}
    yield {"record": "slo:sli_error:ratio_rate30d", "expr": month, "labels": labels}


def _meta(service: str, target: float) -> Iterator[dict[str, Any]]:
    own = f'{{sloth_id="{service}"}}'
    spent = f"/ on(sloth_id) group_left slo:error_budget:ratio{own}"
    told = {
        "slo:objective:ratio": f"vector({target})",
        "slo:error_budget:ratio": f"vector(1-{target})",
        "slo:time_period:days": "vector(30)",
        "slo:current_burn_rate:ratio": f"slo:sli_error:ratio_rate5m{own} {spent}",
        "slo:period_burn_rate:ratio": f"slo:sli_error:ratio_rate30d{own} {spent}",
        "slo:period_error_budget_remaining:ratio": f"1 - slo:period_burn_rate:ratio{own}",
        "sloth_slo_info": "vector(1)",
    }
    for name, expr in told.items():
        yield {"record": name, "expr": expr, "labels": _labels(service)}


def _labels(service: str) -> dict[str, str]:
    return {"sloth_id": service}
