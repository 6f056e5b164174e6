"""Files written from each tool's specification become documents; what has no equal is named."""

import json

import pytest
from ruamel.yaml import YAML

from errorbudget.errors import DocumentInvalid, Failure
from errorbudget.objective.document import Calendar, ObjectiveDocument, Rolling
from errorbudget.objective.formats.importing import FORMATS, imported
from errorbudget.objective.reading import read

SLOTH = """\
version: prometheus/v1
service: myservice
labels:
  owner: myteam
slos:
  - name: requests-availability
    objective: 99.9
    description: "Common SLO based on availability for HTTP request responses."
    sli:
      events:
        error_query: sum(rate(requests_total{job="myservice",code=~"(5..|429)"}[{{.window}}]))
        total_query: sum(rate(requests_total{job="myservice"}[{{ .window }}]))
    alerting:
      name: MyServiceHighErrorRate
      page_alert:
        labels: {severity: pageteam}
"""
CRD = """\
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: sloth-slo-home-wifi, namespace: monitoring}
spec:
  service: "home-wifi"
  slos:
    - name: "good-wifi-client-satisfaction"
      objective: 95
      sli:
        events:
          errorQuery: sum(sum_over_time(unpoller_ratio[{{.window}}])) > 0
          totalQuery: sum(count_over_time(unpoller_ratio[{{.window}}]))
      alerting: {pageAlert: {disable: true}}
"""
WINDOWS = """\
apiVersion: sloth.slok.dev/v1
kind: AlertWindows
spec:
  sloPeriod: 7d
  page:
    quick: {errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h}
    slow: {errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h}
  ticket:
    quick: {errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d}
    slow: {errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d}
"""
OPENSLO = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: web-availability
  displayName: SLO for web availability
spec:
  description: X% of search requests are successful
  service: web
  indicator:
    metadata: {name: web-successful-requests-ratio}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec: {query: 'sum(http_requests{k8s_cluster="prod",code=~"2xx|4xx"})'}
        total:
          metricSource:
            type: Prometheus
            spec: {query: 'sum(http_requests{k8s_cluster="prod"})'}
  timeWindow:
    - duration: 1Q
      isRolling: false
      calendar:
        startTime: 2022-01-01 00:00:00
        timeZone: America/New_York
  budgetingMethod: Occurrences
  objectives:
    - displayName: Great
      op: gt
      target: 0.98
  alertPolicies:
"""
OPENSLO_THRESHOLD = """\

- apiVersion: openslo/v1
  kind: SLO
  metadata: {name: cpu}
  spec:
    service: web
    indicator:
      metadata: {name: x}
      spec:
        thresholdMetric:
          metricSource: {type: Prometheus, spec: {query: 'avg(cpu)'}}
    timeWindow: [{duration: 28d, isRolling: true}]
    budgetingMethod: Occurrences
    objectives: [{op: lte, value: 0.5, target: 0.99}]
"""
REFERRED = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: latency}
spec:
  service: web
  indicatorRef: fast
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Timeslices
  objectives: [{targetPercent: 99.5, timeSliceTarget: 0.9, timeSliceWindow: 1m}]
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: fast}
spec:
  ratioMetric:
    counter: true
    bad: {metricSource: {metricSourceRef: prom, spec: {query: slow_requests_total}}}
    total: {metricSource: {metricSourceRef: prom, spec: {query: requests_total}}}
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: prom}
spec: {type: prometheus, connectionDetails: [{url: "http://prom"}]}
---
apiVersion: openslo/v1
kind: Service
metadata: {name: web, labels: {team: [a, b]}}
spec:
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: low}
spec: {severity: page, condition: {kind: burnrate, op: lte, threshold: 2, lookbackWindow: 1h}}
"""
V2ALPHA = """\
apiVersion: openslo.com/v2alpha
kind: SLO
metadata: {name: annotator}
spec:
  serviceRef: annotator
  sli:
    metadata: {name: throughput}
    spec:
      ratioMetric:
        counter: true
        good: {dataSourceSpec: {type: Prometheus}, spec: {query: good_total}}
        total: {dataSourceSpec: {type: Prometheus}, spec: {query: all_total}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: fine, target: 0.97}]
"""
V1ALPHA = """\
apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: my-slo, displayName: My SLO}
spec:
  service: my-service
  description: This is a great description
  budgetingMethod: Occurrences
  objectives:
    - ratioMetrics:
        good: {source: prometheus, queryType: promql, query: 'latency_bucket{le="0.5"}'}
        total: {source: prometheus, queryType: promql, query: latency_count}
        incremental: true
      displayName: painful
      target: 0.98
  timeWindows: [{count: 1, unit: Month, isRolling: true}]
"""
PYRRA = """\
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata:
  name: pyrra-api-errors
  namespace: monitoring
  labels: {prometheus: k8s, pyrra.dev/team: operations}
spec:
  target: "99.0"
  window: 2w
  description: Pyrra's API requests and response errors over time.
  indicator:
    ratio:
      errors: {metric: 'http_requests_total{job="pyrra",code=~"5.."}'}
      total: {metric: 'http_requests_total{job="pyrra"}'}
      grouping: [handler]
"""
PYRRA_LATENCY = (
    PYRRA.split("    ratio:")[0]
    + """\
    latency:
      success: {metric: 'duration_seconds_bucket{job="pyrra",le="1"}'}
      total: {metric: 'duration_seconds_count{job="pyrra"}'}
"""
)
PYRRA_NATIVE = (
    PYRRA.split("    ratio:")[0]
    + """\
    latencyNative: {latency: 200ms, total: {metric: 'duration_seconds{job="pyrra"}'}}
"""
)
PYRRA_GAUGE = PYRRA.split("    ratio:")[0] + "    bool_gauge: {metric: probe_success}\n"
GENERATOR = """\
apiVersion: sre.google.com/v2
kind: ServiceLevelObjective
metadata:
  name: prom-metrics-availability
  labels: {service_name: prom, feature_name: metrics, slo_name: availability, team: sre}
spec:
  description: 99.9% of Prometheus requests return a good HTTP code
  backend: prometheus
  method: good_bad_ratio
  exporters: [bigquery]
  service_level_indicator:
    filter_good: http_requests_total{handler="/metrics", code=~"2.."}[window]
    filter_valid: http_requests_total{handler="/metrics"}[window]
  goal: 0.999
"""
GENERATOR_CUT = (
    GENERATOR.split("    filter_good")[0].replace("good_bad_ratio", "distribution_cut")
    + """\
    expression: d_bucket{path="/"}[window]
    threshold_bucket: 0.25
  goal: 0.999
"""
)


def documents(text: str, format_: str, **options: str) -> list[ObjectiveDocument]:
    found = imported(text, format_, file="theirs.yaml", **options)
    return [read(one.text, file="ours.yaml") for one in found.documents]


def warnings(text: str, format_: str, **options: str) -> list[str]:
    return list(imported(text, format_, file="theirs.yaml", **options).warnings)


def queries(document: ObjectiveDocument, name: str) -> dict[str, str]:
    counters = document.objectives[name].prometheus
    assert counters is not None
    return {side: text for side, text in counters if text is not None}


def test_sloth_becomes_a_document_with_counting_queries():
    (document,) = documents(SLOTH, "sloth")
    promised = document.objectives["requests-availability"]
    assert (document.service, document.labels) == ("myservice", {"owner": "myteam"})
    assert (str(promised.target), promised.window) == (
        "99.9%",
        Rolling(rolling="30d"),
    )
    assert queries(document, "requests-availability")["bad"] == (
        'sum(increase(requests_total{job="myservice",code=~"(5..|429)"}[$window]))'
    )


def test_what_of_sloth_has_no_equal_is_named_with_its_line():
    said = warnings(SLOTH, "sloth", window="28d")
    assert "theirs.yaml:13: slos.0.alerting: has no equal here, and is left out" in said
    assert any(line.startswith("theirs.yaml:11: ") and "rate" in line for line in said)
    with pytest.raises(DocumentInvalid, match="alerting"):
        imported(SLOTH, "sloth", file="theirs.yaml", strict=True)


def test_sloths_resource_says_the_same_in_camel_case():
    (document,) = documents(CRD, "sloth", window="28d")
    assert document.service == "home-wifi"
    assert queries(document, "good-wifi-client-satisfaction")["valid"] == (
        "sum(count_over_time(unpoller_ratio[$window]))"
    )


def test_alert_windows_give_the_window_and_the_burn_rules():
    (document,) = documents(f"{WINDOWS}---\n{SLOTH}", "sloth")
    promised = document.objectives["requests-availability"]
    assert isinstance(promised.window, Rolling)
    assert promised.window.minutes == 7 * 1440
    assert (float(document.burn.fire.rate), document.burn.fire.horizons) == (13.44, (60,))
    assert float(document.burn.warn.rate) == 3.5
    assert float(document.burn.drift.rate) == 0.98
    assert any("ticket.quick" in line for line in warnings(f"{WINDOWS}---\n{SLOTH}", "sloth"))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("objective: 99.9", "objective: 100", "no budget"),
        ("objective: 99.9", "objective: 0", "not above 0"),
        ("[{{.window}}]", "[5m]", "{{.window}}"),
        ('job="myservice",code', 'job="{{.job}}",code', "template"),
        ("      events:\n", "      raw: {error_ratio_query: x}\n      events:\n", "requests"),
    ],
)
def test_an_objective_that_cannot_be_had_is_left_out_and_named(old: str, new: str, why: str):
    with pytest.raises(DocumentInvalid) as refused:
        imported(SLOTH.replace(old, new), "sloth", file="theirs.yaml")
    assert any(why in line for line in refused.value.lines)
    assert "holds no objective" in refused.value.lines[-1]


def test_openslo_with_a_calendar_and_what_its_own_examples_do_wrong():
    (document,) = documents(OPENSLO, "openslo")
    promised = document.objectives["web-availability"]
    assert promised.window == Calendar(calendar="quarter", timezone="America/New_York")
    assert str(promised.target) == "98%"
    assert queries(document, "web-availability") == {
        "good": 'http_requests{k8s_cluster="prod",code=~"2xx|4xx"}',
        "valid": 'http_requests{k8s_cluster="prod"}',
    }
    assert warnings(OPENSLO, "openslo") == [
        "theirs.yaml:31: spec.objectives.0.op: says nothing of a ratio, and is left out"
    ]


def test_openslo_follows_references_within_the_file():
    (document,) = documents(REFERRED, "openslo")
    assert (document.labels, str(document.objectives["latency"].target)) == (
        {"team": "a,b"},
        "99.5%",
    )
    assert queries(document, "latency") == {"bad": "slow_requests_total", "valid": "requests_total"}
    said = "\n".join(warnings(REFERRED, "openslo"))
    assert "Timeslices: budgets here are of requests" in said
    assert "timeSliceTarget" in said
    assert "connectionDetails" in said
    assert "lte alerts while the burn is low" in said


def test_a_window_of_one_m_is_a_minute_and_said_to_be_one():
    said = warnings(OPENSLO.replace("duration: 1Q", "duration: 1m"), "openslo")
    assert any("1m is minutes; a month is 1M" in line for line in said)


def test_a_month_that_starts_on_another_day_is_told():
    text = OPENSLO.replace("2022-01-01 00:00:00", "2022-02-15 12:00:00")
    assert any("starts at 2022-02-15 12:00:00" in line for line in warnings(text, "openslo"))


def test_openslo_for_another_backend_is_left_out():
    with pytest.raises(DocumentInvalid, match="Datadog is not PromQL"):
        imported(OPENSLO.replace("type: Prometheus", "type: Datadog"), "openslo", file="t.yaml")


def test_openslo_thresholds_count_minutes_and_say_so():
    (document,) = documents(OPENSLO_THRESHOLD, "openslo")
    assert queries(document, "cpu") == {
        "good": "sum_over_time(((avg(cpu)) <= bool 0.5)[$window:1m])",
        "valid": "count_over_time((avg(cpu))[$window:1m])",
    }
    said = warnings(OPENSLO_THRESHOLD, "openslo")
    assert any("minutes are counted, not requests" in line for line in said)


def test_openslo_v2alpha_and_v1alpha():
    (new,) = documents(V2ALPHA, "openslo")
    assert queries(new, "annotator") == {"good": "good_total", "valid": "all_total"}
    assert documents(V2ALPHA.replace("serviceRef", "service"), "openslo") == [new]
    (old,) = documents(V1ALPHA, "openslo")
    assert queries(old, "my-slo") == {"good": 'latency_bucket{le="0.5"}', "valid": "latency_count"}
    assert old.objectives["my-slo"].window == Rolling(rolling="30d")


def test_pyrra_in_all_its_indicators():
    (document,) = documents(PYRRA, "pyrra")
    assert queries(document, "pyrra-api-errors") == {
        "bad": 'http_requests_total{job="pyrra",code=~"5.."}',
        "valid": 'http_requests_total{job="pyrra"}',
    }
    assert document.objectives["pyrra-api-errors"].window == Rolling(rolling="14d")
    assert any("grouping" in line for line in warnings(PYRRA, "pyrra"))
    (latency,) = documents(PYRRA_LATENCY, "pyrra")
    assert queries(latency, "pyrra-api-errors")["good"].endswith('le="1"}')
    (native,) = documents(PYRRA_NATIVE, "pyrra")
    assert "histogram_fraction(0, 0.2, increase(" in queries(native, "pyrra-api-errors")["good"]
    (gauge,) = documents(PYRRA_GAUGE, "pyrra")
    assert (
        queries(gauge, "pyrra-api-errors")["valid"]
        == "sum(count_over_time(probe_success[$window]))"
    )
    aggregated = PYRRA.replace("'http_requests_total{job=\"pyrra\"}'", "sum(http_requests_total)")
    with pytest.raises(DocumentInvalid, match="no bare metric selector"):
        imported(aggregated, "pyrra", file="t.yaml")
    assert any("0.99 %" in line for line in warnings(PYRRA.replace('"99.0"', '"0.99"'), "pyrra"))


def test_slo_generator_counts_its_filters():
    (document,) = documents(GENERATOR, "slo-generator")
    assert (document.service, document.labels) == ("prom", {"team": "sre"})
    assert queries(document, "metrics-availability") == {
        "good": 'http_requests_total{handler="/metrics", code=~"2.."}',
        "valid": 'http_requests_total{handler="/metrics"}',
    }
    (latency,) = documents(GENERATOR_CUT, "slo-generator")
    assert queries(latency, "metrics-availability") == {
        "good": 'd_bucket{path="/",le="0.25"}',
        "valid": 'd_count{path="/"}',
    }
    other = GENERATOR.replace("backend: prometheus", "backend: cloud_monitoring")
    with pytest.raises(DocumentInvalid, match="reads cloud_monitoring"):
        imported(other, "slo-generator", file="t.yaml")


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: [1",
        "- 1\n- x\n",
        "kind: ServiceLevelObjective\nspec: 7\n",
        "kind: SLO\napiVersion: openslo/v1\nspec: {objectives: {}, timeWindow: 3}\n",
        "version: prometheus/v1\nservice: x\nslos: [1, {name: y, sli: {events: []}}]\n",
        "a: &a [x, x]\nb: [*a, *a]\n",
        "\0",
        "{" * 500,
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(text: str, format_: str):
    with pytest.raises(DocumentInvalid) as refused:
        imported(text, format_, file="theirs.yaml")
    assert all(line.startswith("theirs.yaml:") for line in refused.value.lines)


def test_aliases_that_explode_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(DocumentInvalid, match="too many fields"):
        imported("\n".join(lines), "openslo", file="theirs.yaml")


def test_an_unknown_tool_is_told_the_known_ones():
    with pytest.raises(Failure, match="openslo, sloth, pyrra, slo-generator"):
        imported(SLOTH, "nobl9", file="theirs.yaml")


def test_json_is_read_as_well():
    same = json.dumps(YAML(typ="safe").load(V2ALPHA))
    assert documents(same, "openslo") == documents(V2ALPHA, "openslo")


def test_two_objectives_that_would_be_named_alike_are_told_apart():
    twice = SLOTH + SLOTH[SLOTH.index("  - name") :].replace(
        "requests-availability", "requests.availability"
    )
    (document,) = documents(twice, "sloth")
    assert list(document.objectives) == ["requests-availability", "requests-availability-2"]
    assert any(
        "is called requests-availability-2 here" in line for line in warnings(twice, "sloth")
    )
