import subprocess
import sys
from pathlib import Path

import pytest

from errorbudget.objective.indicator import indicator, requests
from objective.writing import CHECKOUT, SMALLEST, document


def series(*changes: tuple[str, str], text: str = CHECKOUT) -> str:
    return indicator(document(*changes, text=text), "availability").series


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("service: checkout", "service: basket"),
        ("environment: production", "environment: staging"),
        ("'/healthz', ", ""),
        ("request_id: trace_id", "request_id: span_id"),
        ("attributes['idempotency_key']", "attributes['key']"),
        ("logs: optional", "logs: required"),
        ("BETWEEN 400 AND 499", "BETWEEN 400 AND 498"),
        ("error_logs = 0", "error_logs = 1"),
    ],
)
def test_what_decides_a_count_changes_the_series(old, new):
    assert series((old, new)) != series()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Customers can pay", "People can pay"),
        ("A request is good when it worked", "It worked"),
        ("target: 99.9%", "target: 99.5%"),
        ("calendar: quarter", "calendar: month"),
        ("status < 500 OR", "STATUS  <  500 or"),
        ("mode: enforce", "mode: advise"),
        ("duration_ms <= 300", "duration_ms <= 200"),
        ("reason: announced", "reason: unannounced"),
    ],
)
def test_what_decides_no_count_of_it_leaves_the_series_alone(old, new):
    assert series((old, new)) == series()


def test_the_order_of_pooled_services_does_not_matter():
    one_way = series(("service: checkout", "services: [a, b]\nname: x"), text=SMALLEST)
    the_other = series(("service: checkout", "services: [b, a]\nname: x"), text=SMALLEST)

    assert one_way == the_other


def test_the_series_is_the_same_in_every_process():
    ask = "from objective.test_indicator import series; print(series())"
    told = [
        subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path.insert(0, 'tests'); {ask}"],
            env={"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]

    assert told == [series(), series()]


def test_requests_are_those_of_the_services_told_apart_by_trace_by_default():
    asked = requests(document())

    assert asked.services == ("checkout",)
    assert (asked.environment, asked.scope, asked.operation) == ("", None, None)
    assert asked.request_id.sql == '"trace_id"'
    assert not asked.logs_required
