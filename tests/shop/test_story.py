import pytest

from errorbudget.program.program import Program
from errorbudget.shop import Shop

Told = tuple[Program, Shop, list[str]]


def test_two_changes_are_permitted_and_the_one_too_many_needs_an_approval(told: Told) -> None:
    _, _, lines = told

    early, small, large, spent = (line for line in lines if line.startswith("  gate: "))
    assert early.startswith("  gate: allowed: normal risk")
    assert small.startswith("  gate: allowed: low risk")
    assert large.startswith("  gate: needs approval: normal risk")
    assert spent.startswith("  gate: allowed: normal risk")
    assert "Approved by bo@shop.example (product) and ana@shop.example (engineering)" in spent


@pytest.mark.parametrize("service", ["checkout", "ledger"])
def test_the_ledger_counts_a_quarter_as_plain_sql_does(told: Told, service: str) -> None:
    program, shop, _ = told

    (standing,) = (
        standing
        for standing in program.budgets.read(service, at=shop.at(92))
        if standing.objective == "availability"
    )

    expected = shop.truth["services"][service]
    counted = standing.as_dict()
    assert (counted["valid"], counted["bad"]) == (expected["valid"], expected["bad"])


def test_two_failures_in_a_night_are_coarse_and_no_page(told: Told) -> None:
    program, shop, _ = told

    (standing,) = program.budgets.read("ledger", at=shop.at(70, "01:50"))
    (burning,) = program.burns.read("ledger", at=shop.at(70, "01:50"))

    assert standing.as_dict()["meaningful"] == "coarse"
    assert burning.as_dict()["alert"] == "warn"
