"""What is exported is accepted by the tools it is for, and says what the document says."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from errorbudget.errors import DocumentInvalid
from errorbudget.objective.formats.exporting import exported
from errorbudget.objective.formats.importing import imported
from errorbudget.objective.reading import read
from objective.formats.test_importing import (
    CRD,
    GENERATOR,
    GENERATOR_CUT,
    OPENSLO,
    OPENSLO_THRESHOLD,
    PYRRA,
    PYRRA_GAUGE,
    PYRRA_LATENCY,
    PYRRA_NATIVE,
    REFERRED,
    SLOTH,
    V1ALPHA,
    V2ALPHA,
    WINDOWS,
)

WEB = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: web
labels: {team: web, 5xx-owner: x}
runbook: https://runbooks.shop.example/web
requests: {source: prometheus}
objectives:
  availability:
    description: "Pages: they load"
    prometheus:
      bad: http_requests_total{code=~"5.."}
      valid: http_requests_total
    target: 99%
    window: {rolling: 1d}
"""


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("promtool is missing: `make servers` installs it")
    if found is None:
        pytest.skip("promtool is not on this machine")
    return found


def export(text: str, to: str, **options: bool) -> str:
    return exported(read(text, file="web.yaml"), text, to, file="web.yaml", **options).text


def checked(promtool: str, folder: Path, rules: str) -> Path:
    file = folder / "rules.yaml"
    file.write_text(rules)
    done = subprocess.run(
        [promtool, "check", "rules", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return file


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        (SLOTH, "sloth"),
        (CRD, "sloth"),
        (f"{WINDOWS}---\n{SLOTH}", "sloth"),
        (OPENSLO, "openslo"),
        (OPENSLO_THRESHOLD, "openslo"),
        (REFERRED, "openslo"),
        (V2ALPHA, "openslo"),
        (V1ALPHA, "openslo"),
        (PYRRA, "pyrra"),
        (PYRRA_LATENCY, "pyrra"),
        (PYRRA_NATIVE, "pyrra"),
        (PYRRA_GAUGE, "pyrra"),
        (GENERATOR, "slo-generator"),
        (GENERATOR_CUT, "slo-generator"),
    ],
)
def test_promtool_accepts_the_rules_of_whatever_was_imported(
    promtool: str, tmp_path: Path, text: str, format_: str
):
    (one,) = imported(text, format_, file="theirs.yaml").documents
    checked(promtool, tmp_path, export(one.text, "prometheus"))


# A day of 100 requests a minute that all work, then a night of 3 of which 1 fails.
DAY_AND_NIGHT = """\
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'http_requests_total{code="200"}', values: '0+100x720 72002+2x720'}
      - {series: 'http_requests_total{code="500"}', values: '0x720 1+1x720'}
    promql_expr_test:
      - expr: errorbudget:bad:window
        eval_time: 1440m
        exp_samples:
          - labels: errorbudget:bad:window{service="web",objective="availability",team="web"}
            value: 720
      - expr: errorbudget:valid:window
        eval_time: 1440m
        exp_samples:
          - labels: errorbudget:valid:window{service="web",objective="availability",team="web"}
            value: 74160
      - expr: abs(errorbudget:remaining:ratio - (1 - 720 / (0.01 * 74160))) < bool 0.000001
        eval_time: 1440m
        exp_samples:
          - {labels: '{service="web",objective="availability",team="web"}', value: 1}
      - expr: >-
          avg_over_time((errorbudget:bad:increase5m / errorbudget:valid:increase5m)[1d:5m])
          > bool 0.16
        eval_time: 1440m
        exp_samples:
          - {labels: '{service="web",objective="availability",team="web"}', value: 1}
    alert_rule_test:
      - {eval_time: 700m, alertname: ErrorBudgetBurn, exp_alerts: []}
"""


def test_budgets_by_the_rules_are_weighed_by_requests(promtool: str, tmp_path: Path):
    checked(promtool, tmp_path, export(WEB, "prometheus"))
    (tmp_path / "test.yaml").write_text(DAY_AND_NIGHT)
    done = subprocess.run(
        [promtool, "test", "rules", "test.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_sloth_gets_queries_that_it_can_fill_in():
    told = YAML(typ="safe").load(export(WEB, "sloth"))
    (slo,) = told["slos"]
    assert (told["version"], told["service"], slo["objective"]) == ("prometheus/v1", "web", 99)
    events = slo["sli"]["events"]
    assert events["total_query"] == "sum(increase(http_requests_total[{{.window}}]))"
    (again,) = imported(export(WEB, "sloth"), "sloth", file="s.yaml", window="1d").documents
    assert str(read(again.text, file="a").objectives["availability"].target) == "99%"


def test_openslo_comes_back_as_what_it_was():
    text = export(WEB, "openslo")
    for one in YAML(typ="safe").load_all(text):
        assert one.keys() == {"apiVersion", "kind", "metadata", "spec"}
    (again,) = imported(text, "openslo", file="o.yaml").documents
    (before,) = read(WEB, file="a").objectives.values()
    (after,) = read(again.text, file="b").objectives.values()
    assert (after.prometheus, after.target) == (before.prometheus, before.target)
    assert after.window == before.window


def test_criteria_in_sql_go_to_openslo_only():
    sql = WEB.replace("requests: {source: prometheus}\n", "")
    start, end = sql.index("    prometheus:"), sql.index("    target")
    sql = f"{sql[:start]}    good: status < 500\n{sql[end:]}"
    assert "type: errorbudget" in export(sql, "openslo")
    with pytest.raises(DocumentInvalid, match=r"web.yaml:7: objectives.availability: counts with"):
        export(sql, "prometheus")


def test_what_cannot_be_said_is_named_and_refused_when_strict():
    text = WEB.replace("{rolling: 1d}", "{calendar: quarter}")
    text += "owners: {product: [bo]}\nsignoff: {required: [product]}\n"
    found = exported(read(text, file="web.yaml"), text, "prometheus", file="web.yaml")
    assert found.warnings == (
        "web.yaml:15: owners: cannot be said to prometheus, and is left out",
        "web.yaml:16: signoff: cannot be said to prometheus, and is left out",
        "web.yaml:14: objectives.availability.window: is of the calendar;"
        " prometheus gets the last 90 days",
    )
    with pytest.raises(DocumentInvalid, match="owners"):
        export(text, "prometheus", strict=True)


@pytest.mark.parametrize("to", ["openslo", "prometheus"])
def test_debt_that_is_carried_over_cannot_be_said(to: str) -> None:
    text = WEB.replace("{rolling: 1d}", "{calendar: quarter, carry_debt: 50%}")

    found = exported(read(text, file="web.yaml"), text, to, file="web.yaml")

    assert any(
        f"objectives.availability.window: carries debt over, which cannot be said to {to}" in line
        for line in found.warnings
    )
