"""What began, changed and was written down in the shop's troubles is told as its story says."""

from datetime import datetime, timedelta

import pytest

from errorbudget.change import Change
from errorbudget.program.explaining.explanation import Explanation
from errorbudget.program.postmortems.shelf import Written
from program.shops import Open
from tracing import of, untraced

MINUTE = timedelta(minutes=1)


def explained(opened: Open, name: str, *, minutes: int = 40) -> tuple[Explanation, datetime]:
    """What is said of a trouble that many minutes after it began, and when it did."""
    program, shop = opened
    event = next(one for one in shop.truth["events"] if one["name"] == name)
    began = datetime.fromisoformat(event["from"])
    until = began + minutes * MINUTE
    found = program.explaining.explain(
        event["service"], "availability", since=until - 60 * MINUTE, until=until, at=until
    )
    return found, began


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("eur-rounding", "checkout-2.14.0", "cannot round <NUM> EUR of order <NUM>"),
        ("voucher-scan", "checkout-2.18.0", "voucher lookup for order <NUM> scanned"),
    ],
)
def test_a_broken_deploy_is_the_first_change_and_its_line_the_first_template(
    opened: Open, name: str, change: str, words: str
) -> None:
    found, _ = explained(opened, name)

    assert found.changes[0].change.id == change
    assert found.changes[0].fits
    assert not any(other.fits for other in found.changes[1:])
    assert found.logs[0].template.startswith(words)
    assert "new" in found.logs[0].reason
    assert len(found.logs[0].trace_ids) == 3
    assert change.replace("-", " ") in found.headline()
    assert (found.first_move() or "").startswith(f"Roll back {change.replace('-', ' ')}:")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("provider-outage", "payment provider acquirer-<NUM> timed out"),
        ("tenant-flood", "query of tenant"),
        ("crowd", "no database connection for order <NUM>"),
    ],
)
def test_where_no_deploy_was_no_change_fits_and_the_line_is_first(
    opened: Open, name: str, words: str
) -> None:
    found, _ = explained(opened, name)

    assert not any(one.fits for one in found.changes)
    assert any("o change fits" in limit for limit in found.limits)
    assert found.logs[0].template.startswith(words)


def test_a_slow_burn_is_told_as_creeping_with_its_shards_and_without_a_change(
    opened: Open,
) -> None:
    program, shop = opened
    since, until = shop.at(34), shop.at(36)
    found = program.explaining.explain("search", "availability", since=since, until=until, at=until)

    assert found.onset is not None
    assert found.onset.gradual
    assert not any(one.fits for one in found.changes)
    assert found.logs[0].template == "index shard <NUM> answered in <NUM> ms, expected <NUM>"


@pytest.mark.parametrize(
    "name", ["eur-rounding", "provider-outage", "voucher-scan", "tenant-flood", "crowd"]
)
def test_the_onset_is_within_minutes_of_the_trouble(opened: Open, name: str) -> None:
    found, began = explained(opened, name)

    assert found.onset is not None
    assert abs(found.onset.at - began) <= 6 * MINUTE


@pytest.mark.parametrize(
    ("name", "move"),
    [
        ("eur-rounding", "Roll back checkout 2.14.0"),
        ("provider-outage", "look at route=/pay first"),
        ("voucher-scan", "Roll back checkout 2.18.0"),
        ("tenant-flood", "Limit tenant t-acme, or scale for it"),
        ("crowd", "look at what logs “no database connection for order"),
    ],
)
def test_the_first_move_is_the_one_that_the_story_calls_for(
    opened: Open, name: str, move: str
) -> None:
    found, _ = explained(opened, name)

    assert move in (found.first_move() or "")


def drafted(opened: Open, name: str, *, minutes: int) -> Written:
    """The postmortem of a trouble, from when it began, as of the end of the story."""
    program, shop = opened
    event = next(one for one in shop.truth["events"] if one["name"] == name)
    began = datetime.fromisoformat(event["from"])
    return program.postmortems.draft(
        event["service"], None, began, began + minutes * MINUTE, at=shop.at(51)
    )


@pytest.mark.parametrize(
    ("name", "minutes", "cause", "helps"),
    [
        ("eur-rounding", 49, "change", "a canary at 5 % for 30 minutes"),
        ("tenant-flood", 80, "flood", "tenant t-acme limited to 3 times its usual requests"),
        ("provider-outage", 70, "slice", "a fallback for route=/pay"),
    ],
)
def test_a_postmortem_says_what_would_have_kept_it_small_and_where_each_number_is_from(
    opened: Open, name: str, minutes: int, cause: str, helps: str
) -> None:
    found = drafted(opened, name, minutes=minutes)

    impact = found.kept.told["impact"]
    assert impact["kind"]["cause"] == cause
    best = impact["preventions"][0]
    assert best["what"] == helps
    assert best["cost"] < impact["costs"][0]["excess"] / 3
    *wrong, _ = untraced(str(found.document), of(opened[0]))
    assert wrong == []


def test_a_deploy_beside_the_burn_that_served_nothing_does_not_fit(own: Open) -> None:
    program, shop = own
    began = shop.at(28, "10:30")
    beside = Change(
        id="checkout-9.9.9", service="checkout", version="9.9.9", started_at=began - 2 * MINUTE
    )
    program.home.changes.record(beside)

    found, _ = explained(own, "provider-outage")

    assert [one.change.id for one in found.changes] == ["checkout-9.9.9"]
    assert not found.changes[0].fits
    assert "no request of the burn was served by 9.9.9" in found.changes[0].evidence
