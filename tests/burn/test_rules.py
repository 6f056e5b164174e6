from fractions import Fraction

import pytest

from errorbudget.burn.rules import DEFAULTS, Level, out_of_reach, rules
from errorbudget.objective.document import Burn, BurnTier
from errorbudget.objective.reading import read


def test_a_document_that_writes_the_defaults_out_gets_the_defaults() -> None:
    assert rules(Burn()) == DEFAULTS


def test_a_fire_is_never_believed_under_its_own_rate_within_the_hour() -> None:
    fire = DEFAULTS.tiers[0]

    assert fire.level is Level.FIRE
    assert {way.rate for way in fire.horizons if way.long == 60} == {10, Fraction("14.4")}
    assert {way.rate for way in fire.horizons if way.long == 360} == {6}


def test_horizons_of_ones_own_get_a_short_window_of_a_twelfth() -> None:
    fire = BurnTier.model_construct(rate=Fraction(20), horizons=(120,))
    (way,) = rules(Burn.model_construct(fire=fire)).tiers[0].horizons

    assert (way.long, way.short, way.rate) == (120, 10, 20)


def test_how_often_luck_may_fire_and_what_is_recent_are_the_documents_to_say() -> None:
    fire = BurnTier.model_validate(
        {"rate": 10, "horizons": ("1h", "6h"), "false_alarms": 1, "recent": "10m"}
    )
    ways = rules(Burn.model_construct(fire=fire)).tiers[0].horizons

    assert {way.short for way in ways} == {10}
    for way, usual in zip(ways, DEFAULTS.tiers[0].horizons, strict=True):
        assert way.false_alarms == pytest.approx(20 * usual.false_alarms)


def test_a_rate_that_no_failures_reach_is_told_with_what_is_waited_for_instead() -> None:
    text = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: checkout
objectives:
  loose: {good: status < 500, target: 90%, window: {rolling: 28d}}
  tight: {good: status < 500, target: 99%, window: {rolling: 28d}}
burn: {fire: {rate: 14, horizons: [1h]}}
"""
    assert dict(out_of_reach(read(text, file="checkout.yaml"))) == {
        "burn.fire.rate": "is 14x, but loose promises 90% and burns at 10x when every request"
        " fails; the alert is raised once 80% fail, which is 8x"
    }


def test_the_windows_are_all_that_any_tier_looks_at() -> None:
    assert DEFAULTS.windows == (5, 30, 60, 120, 360, 1440)


def test_in_a_large_fleet_each_budget_may_cry_wolf_a_tenth_as_often() -> None:
    one, many = DEFAULTS.in_fleet(999), DEFAULTS.in_fleet(1000)

    assert one is DEFAULTS
    for few, all_of_it in zip(many.tiers, DEFAULTS.tiers, strict=True):
        for rare, usual in zip(few.horizons, all_of_it.horizons, strict=True):
            assert rare.alpha * 10 == pytest.approx(usual.alpha)
    assert many.run_false_alarms * 10 == DEFAULTS.run_false_alarms
