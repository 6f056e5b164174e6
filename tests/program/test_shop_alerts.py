"""The simulated shop's troubles alert as its story says they should."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from errorbudget.burn.rules import Level
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
