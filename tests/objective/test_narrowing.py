"""Requests with some values are asked for as an indicator asks, whatever the values say."""

import pytest

from errorbudget.errors import Failure
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import Indicator, indicator
from errorbudget.objective.narrowing import narrowed

DOCUMENT = {
    "apiVersion": "errorbudget/v1",
    "kind": "ObjectiveDocument",
    "service": "shop",
    "objectives": {
        "availability": {
            "valid": "status < 400 or status >= 500",
            "good": "status < 500",
            "target": "99%",
            "window": {"rolling": "28d"},
        }
    },
}


@pytest.fixture(scope="module")
def counting() -> Indicator:
    return indicator(ObjectiveDocument.model_validate(DOCUMENT), "availability")


def test_those_that_are_not_valid_stay_out(counting: Indicator) -> None:
    found = narrowed(counting, {"route": "/pay", "status": "500"})

    assert found.valid
    assert found.valid.text == (
        "(status < 400 or status >= 500) AND (route = '/pay') AND (status = 500)"
    )
    assert found.good == counting.good


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("tenant", "o'hara' OR true --", "tenant = 'o''hara'' OR true --'"),
        ("tenant", "", "tenant = ''"),
        ("status", "", "status IS NULL"),
        ("is_bot", "false", "NOT is_bot"),
        ("attributes.flag", "on", "attributes['flag'] = 'on'"),
        ("attributes.flag", "", "attributes['flag'] IS NULL OR attributes['flag'] = ''"),
    ],
)
def test_a_value_is_never_more_than_a_value(
    counting: Indicator, column: str, value: str, text: str
) -> None:
    found = narrowed(counting, {column: value})

    assert found.valid
    assert found.valid.text.endswith(f" AND ({text})")


@pytest.mark.parametrize(
    ("column", "value"),
    [("password", "x"), ("time", "now"), ("attributes", "x"), ("status", "500 OR is_bot")],
)
def test_what_is_no_column_or_no_value_of_it_is_refused(
    counting: Indicator, column: str, value: str
) -> None:
    with pytest.raises(Failure, match=column):
        narrowed(counting, {column: value})


def test_nothing_asked_is_the_same_indicator(counting: Indicator) -> None:
    assert narrowed(counting, {}) is counting
