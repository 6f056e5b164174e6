"""One tenant or all of them, and whether they send more or fail more."""

import numpy as np
import pytest

from burn.slicing import slices
from errorbudget.burn.attribution import attribution
from errorbudget.burn.breakdown import Breakdown
from errorbudget.burn.concentration import concentration

USUAL = {f"t{number}": (100, 1, 2400, 24) for number in range(9)}


def test_a_flood_of_one_tenant_is_told_as_one():
    told = concentration(slices(USUAL | {"acme": (4000, 1200, 2400, 24)}), 0.01, usual=1000)

    assert told.top_tenant == "acme"
    assert told.top_share == pytest.approx(1)
    assert told.effective_tenants == pytest.approx(1)
    assert told.elevated_share == pytest.approx(0.1)
    assert told.top_volume == pytest.approx(40)
    assert told.sentence == (
        "Concentrated: 100% of the excess is one tenant of 10, acme, which sends 40 times its usual"
        " requests: a flood, to scale for or to limit; a rollback would not help."
    )


def test_a_tenant_that_only_fails_more_is_no_flood():
    told = concentration(slices(USUAL | {"acme": (100, 60, 2400, 24)}), 0.01, usual=1000)

    assert told.top_volume == pytest.approx(1)
    assert "flood" not in told.sentence
    assert told.sentence.endswith("acme; it sends 1 times its usual requests.")


def test_a_large_tenant_that_fails_as_it_always_does_has_no_excess():
    rows = {"large": (9000, 900, 90000, 9000), "small": (100, 60, 1000, 10)}

    told = concentration(slices(rows), 0.01, usual=9100)

    assert (told.top_tenant, told.top_share) == ("small", pytest.approx(1, abs=0.01))


def test_a_tenant_has_one_share_whether_told_as_a_tenant_or_as_a_place():
    rows = USUAL | {"acme": (100, 60, 2400, 24), "bay": (100, 20, 2400, 24)}
    of = Breakdown(
        columns=("tenant",),
        values=(tuple(rows),),
        codes=np.arange(1, len(rows) + 1)[:, None],
        sums=slices(rows).sums,
        tenants=slices(rows),
    )

    told, (place, *_) = concentration(slices(rows), 0.01, usual=1100), attribution(of, 0.01)

    assert place.match == {"tenant": "acme"}
    assert told.top_share == pytest.approx(place.share)


def test_failures_that_everyone_has_are_told_as_spread():
    told = concentration(slices(dict.fromkeys(USUAL, (100, 50, 2400, 24))), 0.01, usual=900)

    assert told.effective_tenants == pytest.approx(9)
    assert told.elevated_share == 1
    assert told.sentence == (
        "Spread: 9 of 9 tenants fail more than usual, as if 9 shared the excess equally;"
        " the largest, t0, has 11%."
    )


def test_a_tenant_without_a_past_is_compared_with_everyone():
    told = concentration(slices(USUAL | {"new": (100, 60, 0, 0)}), 0.01, usual=1000)

    assert told.top_tenant == "new"
    assert told.top_volume is None
    assert told.sentence.endswith("new, which sent nothing before.")


def test_requests_without_tenants_say_so():
    told = concentration(slices({"": (100, 60, 2400, 24)}), 0.01, usual=100)

    assert (told.tenants, told.top_tenant, told.sentence) == (
        0,
        None,
        "The requests name no tenant.",
    )


def test_no_excess_is_nobodys():
    told = concentration(slices(dict.fromkeys(USUAL, (100, 0, 2400, 24))), 0.01, usual=900)

    assert told.top_tenant is None
    assert told.sentence == "None of 9 tenants fails more than usual."


def test_a_few_failures_here_and_there_are_nobody_s_in_particular() -> None:
    rows = {f"t{number}": (100, 2 * (number < 3), 2000, 20) for number in range(9)}

    told = concentration(slices(rows), 0.01, 900)

    assert told.sentence.startswith("None of 9 tenants surely fails more than usual; the largest")
