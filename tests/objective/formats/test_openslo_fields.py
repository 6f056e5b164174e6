"""Every field of what goes to OpenSLO is one of its specification, and holds what that allows."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from errorbudget.objective.formats.exporting import exported
from errorbudget.objective.formats.importing import imported
from errorbudget.objective.reading import read
from objective.formats.test_exporting import WEB
from objective.formats.test_importing import (
    GENERATOR,
    OPENSLO,
    OPENSLO_THRESHOLD,
    PYRRA,
    PYRRA_GAUGE,
    PYRRA_NATIVE,
    REFERRED,
    SLOTH,
    V1ALPHA,
)

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
ZONE = re.compile(r"[A-Z][a-zA-Z_]+/[A-Z][a-zA-Z_]+")
DURATION = re.compile(r"[1-9]\d*[mhdwMQY]")
SQL = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: Web_Shop.v2-of-the-company-with-the-long-name
description: What we sell
labels: {team: Web & Shop, tier: "1", regions: "eu,us"}
objectives:
  availability: {good: status < 500, target: 99.95%, window: {rolling: 36h}}
  by_Month: {good: status < 500, target: 99%, window: {calendar: month, timezone: Europe/Berlin}}
  a-name-that-makes-a-long-label-of-dns:
    {valid: status <> 404, good: status < 500, target: 90%, window: {calendar: quarter}}
"""


def export(text: str) -> list[Any]:
    found = exported(read(text, file="web.yaml"), text, "openslo", file="web.yaml")
    return list(YAML(typ="safe").load_all(found.text))


def has(node: Mapping[str, Any], needed: set[str], may: frozenset[str] = frozenset()) -> None:
    assert needed <= node.keys() <= needed | may, node


def conforms(document: Mapping[str, Any]) -> None:
    has(document, {"apiVersion", "kind", "metadata", "spec"})
    assert document["apiVersion"] == "openslo/v1"
    metadata(document["metadata"])
    if document["kind"] == "Service":
        has(document["spec"], set(), frozenset({"description"}))
    else:
        assert document["kind"] == "SLO"
        slo(document["spec"])


def metadata(node: Mapping[str, Any]) -> None:
    has(node, {"name"}, frozenset({"displayName", "labels", "annotations"}))
    assert NAME.fullmatch(node["name"]), node["name"]
    for name, value in node.get("labels", {}).items():
        assert LABEL.fullmatch(name), name
        for one in value if isinstance(value, list) else [value]:
            assert LABEL.fullmatch(one), value


def slo(node: Mapping[str, Any]) -> None:
    needed = {"service", "indicator", "timeWindow", "budgetingMethod", "objectives"}
    has(node, needed, frozenset({"description"}))
    assert len(node.get("description", "")) <= 1050
    assert NAME.fullmatch(node["service"])
    assert node["budgetingMethod"] == "Occurrences"
    has(node["indicator"], {"metadata", "spec"})
    metadata(node["indicator"]["metadata"])
    has(node["indicator"]["spec"], {"ratioMetric"})
    ratio(node["indicator"]["spec"]["ratioMetric"])
    (only,) = node["timeWindow"]
    window(only)
    for objective in node["objectives"]:
        # `op` and `value` are for thresholds, `timeSlice…` for the other budgeting methods.
        has(objective, {"target"}, frozenset({"displayName"}))
        assert 0 <= objective["target"] < 1


def ratio(node: Mapping[str, Any]) -> None:
    (side,) = node.keys() & {"good", "bad"}
    has(node, {"counter", side, "total"})
    assert isinstance(node["counter"], bool)
    for metric in (node[side], node["total"]):
        has(metric, {"metricSource"})
        has(metric["metricSource"], {"type", "spec"})
        assert metric["metricSource"]["spec"]


def window(node: Mapping[str, Any]) -> None:
    assert DURATION.fullmatch(node["duration"])
    if node["isRolling"] is True:
        has(node, {"duration", "isRolling"})
        return
    has(node, {"duration", "isRolling", "calendar"})
    has(node["calendar"], {"startTime", "timeZone"})
    datetime.strptime(node["calendar"]["startTime"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 -- local
    ZoneInfo(node["calendar"]["timeZone"])
    assert ZONE.search(node["calendar"]["timeZone"]), node


@pytest.mark.parametrize("text", [WEB, SQL])
def test_documents_become_openslo_field_by_field(text: str):
    documents = export(text)
    for one in documents:
        conforms(one)
    names = [one["metadata"]["name"] for one in documents]
    assert len(names) == len(set(names))


def test_labels_that_openslo_does_not_allow_are_named():
    found = exported(read(SQL, file="web.yaml"), SQL, "openslo", file="web.yaml")
    assert found.warnings == (
        "web.yaml:5: labels.team: 'Web & Shop' is no label of openslo, and is left out",
    )
    assert export(SQL)[0]["metadata"]["labels"] == {"tier": "1", "regions": ["eu", "us"]}


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        (SLOTH, "sloth"),
        (OPENSLO, "openslo"),
        (OPENSLO_THRESHOLD, "openslo"),
        (REFERRED, "openslo"),
        (V1ALPHA, "openslo"),
        (PYRRA, "pyrra"),
        (PYRRA_NATIVE, "pyrra"),
        (PYRRA_GAUGE, "pyrra"),
        (GENERATOR, "slo-generator"),
    ],
)
def test_so_does_what_was_imported(text: str, format_: str):
    (one,) = imported(text, format_, file="theirs.yaml").documents
    for document in export(one.text):
        conforms(document)
