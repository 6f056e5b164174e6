"""Which combinations of values explain that more requests fail than usual."""

from itertools import product

import numpy as np
import pytest

from burn.slicing import Rows, breakdown
from errorbudget.burn.attribution import attribution

COLUMNS = ("route", "region", "version")
VALUES = (("/pay", "/cart", "/orders"), ("eu", "us", "ap"), ("1.0", "1.1"))
ALLOWANCE = 0.01
RNG = np.random.default_rng(20260709)


def traffic(
    *, broken: dict[str, str] | None = None, rate: float = 0.5, usual: float = 0.01
) -> Rows:
    """A thousand requests of each combination, and ten thousand before; some match what broke."""

    def row(key: tuple[str, ...]) -> tuple[int, int, int, int]:
        matches = (
            broken is not None and broken.items() <= dict(zip(COLUMNS, key, strict=True)).items()
        )
        bad = RNG.binomial(1000, rate if matches else usual)
        return 1000, int(bad), 10_000, int(RNG.binomial(10_000, usual))

    return {key: row(key) for key in product(*VALUES)}


@pytest.mark.parametrize(
    "broken",
    [
        {"route": "/pay"},
        {"region": "eu"},
        {"route": "/pay", "region": "eu"},
        {"route": "/cart", "region": "ap", "version": "1.1"},
    ],
)
def test_what_broke_comes_first_with_its_numbers(broken):
    first, *_ = attribution(breakdown(COLUMNS, traffic(broken=broken)), ALLOWANCE)

    assert first.match == broken
    assert first.rate == pytest.approx(0.5, abs=0.05)
    assert first.baseline_rate == pytest.approx(0.01, abs=0.005)
    assert first.share == pytest.approx(1, abs=0.15)
    assert first.excess == pytest.approx(first.bad - 0.01 * first.n, rel=0.05)


def test_nothing_stands_out_where_nothing_happened():
    assert attribution(breakdown(COLUMNS, traffic()), ALLOWANCE) == ()


def test_nothing_stands_out_where_everything_fails_alike():
    assert attribution(breakdown(COLUMNS, traffic(broken={})), ALLOWANCE) == ()


def test_what_always_fails_explains_nothing():
    rows = traffic(broken={"route": "/pay"}, rate=0.05)
    rows |= {("/cart", "eu", "1.0"): (1000, 300, 10_000, 3000)}

    first, *_ = attribution(breakdown(COLUMNS, rows), ALLOWANCE)

    assert first.match == {"route": "/pay"}


def test_without_requests_there_is_nothing_to_find():
    assert attribution(breakdown(COLUMNS, {}), ALLOWANCE) == ()


def test_a_burn_that_nobody_has_a_past_of_can_still_be_placed():
    rows = {
        key: (valid, bad, 0, 0)
        for key, (valid, bad, *_) in traffic(broken={"route": "/pay"}).items()
    }

    found = attribution(breakdown(COLUMNS, rows), ALLOWANCE)

    assert found[0].match == {"route": "/pay"}
    assert found[0].baseline_rate is None


def test_a_slice_within_another_that_holds_all_of_its_excess_is_told_once_and_first():
    rows = traffic() | {("/pay", "eu", "1.0"): (1000, 500, 10_000, 100)}

    found = attribution(breakdown(COLUMNS, rows), ALLOWANCE)

    matches = [dict(one.match) for one in found]
    assert matches[0] == {"route": "/pay", "region": "eu", "version": "1.0"}
    assert {"route": "/pay", "region": "eu"} not in matches
    assert {"route": "/pay"} not in matches


def test_what_a_better_place_explains_is_not_told_beside_it():
    rows = traffic() | {("/pay", region, "1.0"): (1000, 500, 10_000, 100) for region in VALUES[1]}
    rows |= {("/pay", region, "1.1"): (1000, 480, 10_000, 100) for region in VALUES[1]}

    assert [one.match for one in attribution(breakdown(COLUMNS, rows), ALLOWANCE)] == [
        {"route": "/pay"}
    ]


def test_slices_that_cross_and_share_their_failures_are_told_once():
    rows = {key: row for key, row in traffic().items() if key[2] == "1.0"}
    rows[("/pay", "eu", "1.0")] = (1000, 10, 10_000, 100)
    for route, region in product(*VALUES[:2]):
        rows[route, region, "2.0"] = (800, 700 if (route, region) == ("/pay", "eu") else 8, 0, 0)

    (only,) = attribution(breakdown(COLUMNS, rows), ALLOWANCE)

    assert {"route": "/pay", "region": "eu"}.items() <= only.match.items()


def test_two_places_that_fail_for_themselves_are_both_told():
    rows = traffic() | {("/pay", "eu", version): (1000, 500, 10_000, 100) for version in VALUES[2]}
    rows |= {("/cart", "ap", version): (1000, 300, 10_000, 100) for version in VALUES[2]}

    found = attribution(breakdown(COLUMNS, rows), ALLOWANCE)

    assert [one.match for one in found] == [
        {"route": "/pay", "region": "eu"},
        {"route": "/cart", "region": "ap"},
    ]


def test_few_failures_are_in_no_region_though_most_requests_are():
    rows = {
        ("eu",): (203, 12, 60_000, 30),
        ("us",): (60, 1, 20_000, 10),
        ("ap",): (29, 0, 20_000, 10),
    }

    assert attribution(breakdown(("region",), rows), ALLOWANCE) == ()


def test_of_a_version_just_deployed_the_place_is_told_and_not_the_version():
    rows = {key: row for key, row in traffic().items() if key[2] == "1.0"}
    for route, region in product(*VALUES[:2]):
        bad = 900 if (route, region) == ("/pay", "eu") else 10
        rows[route, region, "2.0"] = (1000, bad, 0, 0)
        rows[route, region, "1.0"] = (200, 2, 10_000, 100)

    first, *_ = attribution(breakdown(COLUMNS, rows), ALLOWANCE)

    assert first.match == {"route": "/pay", "region": "eu"}


def test_a_value_that_nearly_every_request_has_is_no_place():
    rows = {key: row for key, row in traffic(broken={"route": "/pay"}).items() if key[2] == "1.0"}
    rows |= {("/pay", "eu", "1.1"): (10, 0, 100, 1)}

    first, *_ = attribution(breakdown(COLUMNS, rows), ALLOWANCE)

    assert first.match == {"route": "/pay"}


def test_more_dispersion_asks_for_more_evidence():
    rows = traffic() | {("/pay", "eu", "1.0"): (1000, 40, 10_000, 100)}
    found = breakdown(COLUMNS, rows)

    assert attribution(found, ALLOWANCE)[0].match["route"] == "/pay"
    assert attribution(found, ALLOWANCE, dispersion=10) == ()


def test_hardly_any_quiet_hour_has_a_finding():
    found = sum(bool(attribution(breakdown(COLUMNS, traffic()), ALLOWANCE)) for _ in range(200))

    assert found <= 4
