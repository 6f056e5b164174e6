"""What the watch sends of the shop's troubles names the right thing on its first screen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from errorbudget.change import Origin
from errorbudget.notify.message import TITLE_LENGTH, Kind, Level, Message
from program.shops import Open

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PAGES = (Kind.FIRED, Kind.ESCALATED, Kind.AGAIN)


@dataclass(frozen=True)
class Trouble:
    """What the watch sent of one trouble, from just before it began."""

    event: Mapping[str, Any]
    messages: list[Message]

    @property
    def page(self) -> Message:
        """The loudest page of the trouble's objective, the first of those."""
        pages = [one for one in self.messages if one.kind in PAGES]
        pages = [one for one in pages if one.objective == "availability"]
        return max(pages, key=lambda one: one.level in (Level.FIRE, Level.SILENCE))

    @property
    def context(self) -> Mapping[str, Any]:
        """What is known of its burn, as `explain` prints it."""
        assert self.page.context is not None
        return self.page.context

    def said(self, heading: str) -> list[str]:
        """The lines of a section."""
        return [line for line in self.page.lines if line.startswith(f"{heading}: ")]


LOOKS = {
    "eur-rounding": (MINUTE, 12),
    "provider-outage": (MINUTE, 30),
    "slow-index": (30 * MINUTE, 144),
    "voucher-scan": (MINUTE, 20),
    "tenant-flood": (MINUTE, 12),
    "crowd": (MINUTE, 20),
    "past-the-gate": (10 * MINUTE, 12),
    "vanished": (MINUTE, 40),
    "coarse-night": (5 * MINUTE, 24),
    "log-outage": (15 * MINUTE, 28),
}
"""How often the watch looks at a trouble, and how many times."""


@pytest.fixture(scope="module")
def troubles(opened: Open) -> Iterator[dict[str, Trouble]]:
    """Every trouble in its order, told by one watch; hours before it the last one is over."""
    program, shop = opened
    (past,) = (deploy.change for deploy in shop.changes if not deploy.gated)
    events = {event["name"]: event for event in shop.truth["events"]}
    events["past-the-gate"] = {"from": past.started_at.isoformat(), "version": past.version}
    contexts = program.contexts(patience=60)
    watch = program.watch(contexts=contexts)
    told = dict[str, Trouble]()
    for name, (every, looks) in LOOKS.items():
        began = datetime.fromisoformat(events[name]["from"])
        for before in (14, 7):
            watch.tick(began - before * HOUR)
        sent = [one for look in range(looks + 1) for one in watch.tick(began + look * every)]
        told[name] = Trouble(events[name], sent)
    yield told
    contexts.close()


def test_a_broken_deploy_is_told_with_its_place_and_to_be_rolled_back(
    troubles: Mapping[str, Trouble],
) -> None:
    trouble = troubles["eur-rounding"]

    assert [one["match"] for one in trouble.context["where"]] == [{"route": "/pay", "region": "eu"}]
    assert "most in route=/pay and region=eu" in trouble.page.title
    assert trouble.page.title.endswith("coincides with checkout 2.14.0")
    assert trouble.said("Try") == ["Try: Roll back checkout 2.14.0: it coincides with the burn."]
    assert trouble.page.level is Level.FIRE


def test_a_flood_is_told_with_its_tenant_to_be_limited(troubles: Mapping[str, Trouble]) -> None:
    trouble = troubles["tenant-flood"]
    who = trouble.context["who"]

    assert who["top_tenant"] == "t-acme"
    assert who["top_share"] >= 0.9
    assert who["top_volume"] > 20
    assert trouble.said("Try")[0].startswith("Try: Limit tenant t-acme, or scale for it")
    assert "tenant t-acme sends" in trouble.page.title
    assert not any(one["fits"] for one in trouble.context["changes"])


@pytest.mark.parametrize(
    ("name", "place", "words"),
    [
        ("provider-outage", {"route": "/pay"}, "payment provider acquirer-<NUM> timed out"),
        ("voucher-scan", {"route": "/voucher"}, "voucher lookup for order <NUM> scanned"),
        ("crowd", None, "no database connection for order <NUM>"),
        ("slow-index", {"route": "/search"}, "index shard <NUM> answered in <NUM> ms"),
    ],
)
def test_other_troubles_are_told_with_their_place_and_their_line(
    troubles: Mapping[str, Trouble], name: str, place: Any, words: str
) -> None:
    found = troubles[name].context

    assert next((one["match"] for one in found["where"]), None) == place
    assert found["logs"][0]["template"].startswith(words)


@pytest.mark.parametrize("name", ["provider-outage", "crowd", "slow-index"])
def test_where_no_change_was_none_is_said_to_fit(
    troubles: Mapping[str, Trouble], name: str
) -> None:
    trouble = troubles[name]

    assert any("change fits" in line for line in trouble.said("Limits"))
    assert "coincides" not in trouble.page.title


def test_a_slow_burn_is_dated_back_over_days_and_honestly_unsure(
    troubles: Mapping[str, Trouble],
) -> None:
    trouble = troubles["slow-index"]
    began = datetime.fromisoformat(trouble.event["from"])
    onset = trouble.context["onset"]
    earliest, latest = (datetime.fromisoformat(onset[edge]) for edge in ("earliest", "latest"))

    assert trouble.page.level is Level.WARN
    assert onset["gradual"]
    assert earliest - began <= 24 * HOUR
    assert latest - earliest >= 12 * HOUR


def test_what_cannot_be_reached_is_told_as_silent_since_its_last_request(
    troubles: Mapping[str, Trouble],
) -> None:
    trouble = troubles["vanished"]
    onset = trouble.context["onset"]

    assert trouble.page.level is Level.SILENCE
    assert trouble.context["from"] == onset["at"] == "2026-09-05T04:20:00Z"
    assert (trouble.context["valid"], trouble.context["bad"]) == (0, 0)
    assert trouble.context["where"] == []
    assert trouble.said("Try") == [
        "Try: Requests have stopped coming: look at the way to the service."
    ]
    assert trouble.said("Since")[0].startswith(
        "Since: no valid request came since 2026-09-05 04:20"
    )
    assert trouble.said("Who") == []


@pytest.mark.parametrize("name", ["past-the-gate", "log-outage"])
def test_what_hurts_nobody_is_told_to_nobody(troubles: Mapping[str, Trouble], name: str) -> None:
    assert [one.title for one in troubles[name].messages if one.kind in PAGES] == []


def test_a_third_of_a_coarse_budget_in_a_night_is_a_warning_and_wakes_nobody(
    troubles: Mapping[str, Trouble],
) -> None:
    told = [one for one in troubles["coarse-night"].messages if one.kind in PAGES]

    assert {one.level for one in told} == {Level.WARN}


def test_a_deploy_past_the_gate_is_known_from_its_traffic(
    opened: Open, troubles: Mapping[str, Trouble]
) -> None:
    program, version = opened[0], troubles["past-the-gate"].event["version"]

    known = [one for one in program.home.changes.list("checkout") if one.version == version]
    assert [(one.version, one.origin) for one in known] == [("2.19.1", Origin.TRAFFIC)]


def test_every_page_has_room_for_its_first_line(troubles: Mapping[str, Trouble]) -> None:
    pages = [one for trouble in troubles.values() for one in trouble.messages if one.kind in PAGES]

    assert all(len(one.title) < TITLE_LENGTH for one in pages)
    assert all(one.context is not None and one.picture for one in pages)
