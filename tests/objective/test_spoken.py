"""A criterion reads as a sentence that means the same; what cannot be said stands as written."""

import pytest

from errorbudget.objective.spoken import spoken


@pytest.mark.parametrize(
    ("criterion", "sentence"),
    [
        ("status < 500", "its status is below 500"),
        ("duration_ms <= 1200", "its duration is at most 1.2 s"),
        ("duration_ms <= 300", "its duration is at most 300 ms"),
        ("error_logs = 0", "no log record of an error belongs to it"),
        ("NOT is_bot", "it is not a bot's"),
        ("status NOT BETWEEN 400 AND 499", "its status is not from 400 to 499"),
        ("route IN ('/a', '/b', '/c')", "its route is /a, /b or /c"),
        ("tenant IS NOT NULL", "it has a tenant"),
        ("attributes['error.type'] = 'busy'", "error.type is busy"),
        ("lower(route) LIKE '/x%'", "LOWER(route) LIKE '/x%'"),
    ],
)
def test_a_comparison_is_a_clause(criterion: str, sentence: str) -> None:
    assert spoken(criterion) == sentence


def test_what_belongs_together_stays_together() -> None:
    assert spoken("(status < 500 OR status = 599) AND duration_ms < 90") == (
        "(its status is below 500 or its status is 599) and its duration is below 90 ms"
    )
    assert spoken("status < 500 OR (status = 599 AND duration_ms < 90)") == (
        "its status is below 500 or (its status is 599 and its duration is below 90 ms)"
    )
    assert (
        spoken("NOT (status < 500 OR is_bot)") == "not (its status is below 500 or it is a bot's)"
    )
