"""The dashboard asks for nothing that a running server does not tell."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from web.served import Served

DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "errorbudget.json"
NAME = re.compile(r"\b(?:errorbudget|process)_[a-z_]+\b")
LABEL = re.compile(r"""(\w+)(?:=~|!=|!~|=)"([^"]*)\"""")


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def test_every_metric_of_the_dashboard_is_told_with_the_labels_it_asks_for(server: Served):
    server.apply("shop")
    now = datetime.now(UTC).isoformat()  # noqa: TID251 -- a server lives in the present
    server.send({"time": now, "service": "shop", "status": 200})
    server.counted(1, 0)

    told = dict[str, set[str]]()
    for family in text_string_to_metric_families(server.client.get("/metrics").text):
        for sample in family.samples:
            told.setdefault(sample.name, set()).update(sample.labels)

    assert expressions()
    for expression in expressions():
        names = NAME.findall(expression)
        assert names, expression
        for name in names:
            assert name in told, expression
            assert {label for label, _ in LABEL.findall(expression)} <= told[name], expression


def test_panels_have_places_of_their_own():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}

    assert len(places) == len({panel["id"] for panel in panels}) == len(panels)
