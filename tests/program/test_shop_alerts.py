"""The simulated shop's troubles alert, and are accounted for, as its story says they should be."""

from datetime import timedelta

import pytest

from errorbudget.burn.rules import Level
from program.replaying import Episode, episodes
from program.shops import Open


def told(opened: Open, name: str, *, days: int = 1) -> list[Episode]:
    """What is told of a trouble's service, from the midnight before it begins."""
    program, shop = opened
    event = next(one for one in shop.truth["events"] if one["name"] == name)
    day = (shop.at(0).fromisoformat(event["from"]) - shop.start).days
    found = episodes(program, shop.at(day), shop.at(day + days))
    return [one for one in found if one.objective == f"{event['service']} availability"]


def test_a_broken_deploy_fires_within_ten_minutes(opened: Open) -> None:
    (one,) = told(opened, "eur-rounding")

    assert one.level is Level.FIRE
    assert opened[1].at(19, "14:05") < one.start <= opened[1].at(19, "14:15")


@pytest.mark.parametrize("name", ["provider-outage", "voucher-scan", "crowd", "tenant-flood"])
def test_an_outage_fires_once(opened: Open, name: str) -> None:
    loud = [one for one in told(opened, name) if one.level is Level.FIRE]

    assert len(loud) == 1
    assert not loud[0].silent


def test_a_slow_burn_warns_and_never_fires(opened: Open) -> None:
    levels = {one.level for one in told(opened, "slow-index", days=4)}

    assert levels == {Level.WARN}


def test_a_service_that_cannot_be_reached_fires_as_silent(opened: Open) -> None:
    (one,) = told(opened, "vanished")

    assert one.silent
    assert one.start <= opened[1].at(66, "04:20") + timedelta(minutes=20)


def test_two_failures_of_a_small_batch_at_night_wake_nobody(opened: Open) -> None:
    assert [one for one in told(opened, "coarse-night") if one.level is Level.FIRE] == []


def test_a_lost_log_feed_is_no_silence(opened: Open) -> None:
    assert not any(one.silent for one in told(opened, "log-outage"))


def test_of_an_ordinary_week_nobody_is_told(opened: Open) -> None:
    program, shop = opened

    assert episodes(program, shop.at(21), shop.at(28)) == []


def test_a_quarter_reads_as_an_account_that_adds_up(opened: Open) -> None:
    program, shop = opened
    at = shop.at(75)
    told = {one.objective: one.as_dict() for one in program.accounts.read("checkout", at=at)}
    account = told["availability"]
    changes = [line for line in account["lines"] if line["kind"] == "change"]
    dear = max(changes, key=lambda line: line["bad"])
    event = next(one for one in shop.truth["events"] if one["name"] == "eur-rounding")
    (budget,) = (
        one for one in program.budgets.read("checkout", at=at) if one.objective == "availability"
    )

    for one in told.values():
        assert sum(line["bad"] for line in one["lines"]) == one["bad"]
    assert (account["valid"], account["bad"]) == (budget.budget.valid, budget.budget.bad)
    assert (dear["change"], dear["verdict"]) == ("checkout-2.14.0", "costly")
    assert dear["bad"] == pytest.approx(event["excess"], rel=0.05)
    assert {line["change"] for line in changes if line["bad"]} == {
        "checkout-2.14.0",
        "checkout-2.18.0",
    }


def test_the_deploy_that_went_past_the_gate_is_found_once(opened: Open) -> None:
    program, shop = opened
    first = program.reconciling.reconcile(now=shop.at(75))
    again = program.reconciling.reconcile(now=shop.at(75))

    unasked = [
        one["version"]
        for one in first["ungated"]
        if one["past_the_gate"] == "nobody asked the gate"
    ]
    assert unasked == ["2.19.1"]
    assert again["ungated"] == []
    assert again["known"] == len(first["ungated"])
