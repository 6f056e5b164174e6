"""What to try first, and the picture of a burn in one line."""

from datetime import UTC, datetime, timedelta

import numpy as np

from errorbudget.burn.attribution import Finding
from errorbudget.burn.bars import Bars
from errorbudget.burn.concentration import Concentration
from errorbudget.burn.correlation import Coincidence
from errorbudget.burn.first_move import first_move, points
from errorbudget.burn.log_patterns import Pattern
from errorbudget.change import Change, ChangeKind
from errorbudget.ledger.window import minute_floor

AT = datetime(2026, 7, 20, 14, tzinfo=UTC)
PAY = Finding(
    match={"route": "/pay", "region": "eu"},
    excess=50,
    share=0.9,
    rate=0.5,
    baseline_rate=0.001,
    n=120,
    bad=60,
)
TIMEOUTS = Pattern(
    template="pool exhausted after <*> ms",
    count=9,
    baseline_count=0,
    reason="new",
    trace_ids=(),
    score=9.0,
)


def who(share: float | None = None, volume: float | None = None) -> Concentration:
    return Concentration(
        tenants=5,
        top_tenant="t-acme",
        top_share=share,
        effective_tenants=1.2,
        elevated_share=0.2,
        top_volume=volume,
        sentence="",
    )


def change(kind: ChangeKind = ChangeKind.DEPLOY, *, fits: bool = True) -> Coincidence:
    told = Change(id="c-1", service="checkout", version="2.14.0", kind=kind, started_at=AT)
    return Coincidence(change=told, fits=fits, evidence=("rolled out",), score=1.0)


def move(valid=100, silent=False, where=(), of=None, changes=(), logs=()):
    return first_move(
        valid=valid, silent=silent, where=where, who=of or who(), changes=changes, logs=logs
    )


def test_a_deploy_that_fits_is_rolled_back():
    assert move(where=[PAY], changes=[change(fits=False), change()]) == (
        "Roll back checkout 2.14.0: it coincides with the burn."
    )


def test_a_flag_or_configuration_that_fits_is_taken_back():
    assert move(changes=[change(ChangeKind.FLAG)]).startswith("Take back flag c-1 of checkout:")


def test_a_flood_goes_before_a_change():
    assert move(of=who(0.9, 9.4), changes=[change()]) == (
        "Limit tenant t-acme, or scale for it: it sends 9 times its usual requests and has 90% of"
        " the excess."
    )


def test_without_a_fitting_change_it_says_where_to_look():
    unfit = [change(fits=False)]
    assert move(where=[PAY], changes=unfit) == (
        "No change fits: look at route=/pay and region=eu first."
    )
    assert move(of=who(0.9, 1.0)) == "No change that is known fits: look at tenant t-acme first."
    assert "what logs “pool exhausted after <*> ms”" in move(logs=[TIMEOUTS])
    assert "nothing stands out" in move()


def test_where_nothing_comes_the_way_to_the_service_is_looked_at():
    assert move(valid=0) == "No valid request came: look at the way to the service."
    assert move(silent=True, changes=[change()]) == (
        "Requests have stopped coming: look at the way to the service, then at checkout 2.14.0,"
        " which coincides."
    )


def test_a_first_line_has_room_for_place_flood_and_change():
    assert points([PAY], who(0.9, 9.4), [change()]) == [
        "most in route=/pay and region=eu",
        "tenant t-acme sends 9 times its usual requests",
        "coincides with checkout 2.14.0",
    ]


def test_a_course_is_drawn_in_one_line_with_no_data_apart_from_none_bad():
    valid, bad = np.array([10, 10, 0, 10, 10]), np.array([0, 0, 0, 1, 4])

    line = Bars.of(minute_floor(AT), valid, bad).line()

    assert line == ("▁▁·▃█ 14:00–14:05 UTC, share of bad requests, up to 40.00%; · no request")


def test_a_long_course_is_drawn_in_forty_stretches_at_most():
    minutes = np.full(1441, 10)

    bars = Bars.of(minute_floor(AT), minutes, minutes // 10)

    assert len(bars.shares) == 38
    assert (bars.step, bars.start) == (37, minute_floor(AT) + 1441 % 37)
    assert sum(bars.valid) == 10 * 37 * 38


def test_bars_over_days_name_both_of_them() -> None:
    days = np.full(3 * 1440, 2)

    line = Bars.of(minute_floor(AT), days, days // 2).line()

    assert f"{AT:%Y-%m-%d %H:%M} to {AT + timedelta(days=3):%Y-%m-%d %H:%M} UTC" in line
