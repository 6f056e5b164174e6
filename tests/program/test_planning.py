"""A plan is told in words that a person can decide by."""

from datetime import timedelta
from pathlib import Path

from errorbudget.program.budgets.planning import forecast, plan
from program.traffic import START, fed


def test_retries_are_not_counted_on_where_they_may_fail_together(tmp_path: Path) -> None:
    with fed(tmp_path, lambda _minute: (1, 0), days=1, target="99.9%") as program:
        (standing,) = program.budgets.read(at=START + timedelta(days=1))
    budget = standing.as_dict()

    alone = forecast(budget, plan(availability="99.5%", share="10%"))
    retried = forecast(budget, plan(availability="99.5%", share="30%", retries=1))

    assert alone["sentence"].endswith("it fits.")
    assert retried["fits"]
    assert retried["sentence"].endswith(
        "where they fail together, up to 150% would be used. Do not count on the retries."
    )
