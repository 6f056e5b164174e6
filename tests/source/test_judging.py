"""Examples are judged as real requests would be."""

import pytest

from errorbudget.errors import Failure
from errorbudget.objective.criterion import check_criterion, check_expression
from errorbudget.objective.indicator import Indicator
from errorbudget.request import COLUMNS
from errorbudget.source.duckdb.judging import judge
from source.asking import indicator, requests_of

REQUESTS = requests_of(
    environment="production",
    scope=check_criterion("route NOT IN ('/healthz', '/metrics') AND NOT is_bot"),
    operation=check_expression("attributes['key']", COLUMNS),
    logs_required=True,
)
AVAILABILITY = Indicator(
    requests=REQUESTS,
    valid=check_criterion(
        "status IS NULL OR status NOT BETWEEN 400 AND 499 OR (status = 499 AND duration_ms >= 1200)"
    ),
    good=check_criterion(
        "(status < 500 OR attributes['error.type'] = 'invalid_input')"
        " AND duration_ms <= 1200 AND error_logs = 0 AND corrections = 0"
    ),
)
LATENCY = Indicator(
    requests=REQUESTS,
    valid=check_criterion("status < 400"),
    good=check_criterion("duration_ms <= 300"),
)
BOTH = {"availability": AVAILABILITY, "latency": LATENCY}


@pytest.mark.parametrize(
    ("row", "availability", "latency"),
    [
        ({"status": 200, "duration_ms": 240}, "good", "good"),
        ({"status": 200, "duration_ms": 12000}, "bad", "bad"),
        ({"status": 500, "duration_ms": 90, "attributes": {"error.type": "invalid_input"}},
         "good", "excluded"),
        ({"status": 422, "duration_ms": 20}, "excluded", "excluded"),
        ({"duration_ms": 30000}, "bad", "bad"),
        ({"status": 200, "duration_ms": 90, "error_logs": 1}, "bad", "good"),
        ({"status": 200, "duration_ms": 90, "corrections": 1}, "bad", "good"),
        ({"route": "/healthz", "status": 500, "duration_ms": 1}, "excluded", "excluded"),
        ({"status": 200, "duration_ms": 90, "is_bot": True}, "excluded", "excluded"),
        ({"status": 200, "duration_ms": 90, "environment": "staging"}, "excluded", "excluded"),
        ({"status": 200, "duration_ms": 90, "service": "search"}, "excluded", "excluded"),
    ],
)  # fmt: skip
def test_an_example_is_judged_by_every_objective(row, availability, latency):
    expected = {"availability": availability, "latency": latency}

    assert judge(REQUESTS, BOTH, [{"route": "/pay"} | row]) == [expected]


def test_examples_do_not_replace_each_other():
    key = {"status": 200, "duration_ms": 1, "attributes": {"key": "a"}}

    assert [each["latency"] for each in judge(REQUESTS, BOTH, [key, key])] == ["good", "good"]


@pytest.mark.parametrize("time", ["2026-07-01T02:00:00+02:00", "2026-07-01", 1782864000000])
def test_an_example_may_tell_its_time(time):
    midnight = indicator("time = timestamp '2026-07-01'")

    assert judge(midnight.requests, {"it": midnight}, [{"time": time}, {}]) == [
        {"it": "good"},
        {"it": "bad"},
    ]


def test_attributes_are_text():
    asked = indicator("attributes['n'] = '3' and attributes['b'] = 'true'")
    row = {"attributes": {"n": 3, "b": True}}

    assert judge(asked.requests, {"it": asked}, [row]) == [{"it": "good"}]


def test_no_examples_are_judged_to_nothing():
    assert judge(REQUESTS, BOTH, []) == []
    assert judge(REQUESTS, {}, [{}]) == [{}]


def test_a_criterion_that_does_not_suit_an_example_says_so():
    asked = indicator("cast(tenant as integer) = 1")

    with pytest.raises(Failure, match="TRY_CAST"):
        judge(asked.requests, {"it": asked}, [{"tenant": "acme"}])
