"""The simulated shop's troubles alert, and are accounted for, as its story says they should be."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from errorbudget.burn.rules import Level
from errorbudget.program.gate.asking import Question
from errorbudget.program.program import Program
from errorbudget.shop import Shop, generate
from program.replaying import Episode, episodes

Open = tuple[Program, Shop]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    folder: Path = tmp_path_factory.mktemp("shop")
    shop = generate(folder / "files", days=75, scale=0.5, search_scale=0.12)
    with Program.open(folder / "home", create=True) as program:
        for service in shop.requests:
            for path in shop.requests[service]:
                program.requests.ingest(path)
            for path in shop.logs[service]:
                program.requests.ingest(path, logs=True)
        for path in shop.documents.values():
            program.objectives.apply(path, now=shop.start)
        yield program, shop


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


def test_an_ordinary_week_wakes_nobody(opened: Open) -> None:
    program, shop = opened

    assert [
        one for one in episodes(program, shop.at(21), shop.at(28)) if one.level > Level.WARN
    ] == []


@pytest.fixture(scope="module")
def shipped(opened: Open) -> Open:
    """The same, with its deploys asked about and recorded, but for the one past the gate."""
    program, shop = opened
    for deploy in shop.changes:
        change = deploy.change
        if deploy.gated:
            at = change.started_at
            question = Question(service=change.service, change=change.id, diff=deploy.diff)
            program.gate.check(question, at=at, now=at)
            program.changes.record(change, now=change.finished_at)
    return opened


def test_a_quarter_reads_as_an_account_that_adds_up(shipped: Open) -> None:
    program, shop = shipped
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


def test_the_deploy_that_went_past_the_gate_is_found_once(shipped: Open) -> None:
    program, shop = shipped
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
