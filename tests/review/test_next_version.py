"""The next version: the same bytes, other targets, each with its evidence."""

from fractions import Fraction

import pytest

from errorbudget.objective.notation import Target
from errorbudget.objective.reading import read
from errorbudget.review.next_version import next_version
from errorbudget.review.recalibration import Advice, Recalibration

BODY = b"""\
# What people wrote stays.
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: shop   # and this
objectives:
  availability:
    good: status < 500
    target: 99.9%   # three nines
    window: {calendar: quarter, timezone: Europe/Berlin}
  latency: {good: duration_ms <= 300, target: "99%", window: {rolling: 28d}}
"""


def advice(old: str, new: str) -> Recalibration:
    return Recalibration(
        advice=Advice.TIGHTEN,
        target=Target(Fraction(old) / 100),
        next=Target(Fraction(new) / 100),
        uses=(),
        evidence=("Three windows used less than a fifth.",),
    )


def test_only_the_target_becomes_another_and_says_why() -> None:
    written = next_version(BODY, {"availability": advice("99.9", "99.95")}, "2026Q3", "shop")

    document = read(written, file="shop")
    assert str(document.objectives["availability"].target) == "99.95%"
    assert str(document.objectives["latency"].target) == "99%"
    added = set(written.decode().splitlines()) - set(BODY.decode().splitlines())
    assert added == {
        "    target: 99.95%   # three nines",
        "    # Review of 2026Q3: tighten 99.9% to 99.95%. Three windows used less than a fifth.",
    }


def test_several_targets_change_at_once_also_in_flow_style() -> None:
    changed = {"availability": advice("99.9", "99.95"), "latency": advice("99", "99.5")}

    document = read(next_version(BODY, changed, "2026Q3", "shop"), file="shop")

    targets = {name: str(one.target) for name, one in document.objectives.items()}
    assert targets == {"availability": "99.95%", "latency": "99.5%"}


def test_a_target_that_does_not_stand_alone_is_left_to_people() -> None:
    body = BODY.replace(
        b'  latency: {good: duration_ms <= 300, target: "99%", window: {rolling: 28d}}',
        b'  latency: {description: "target: 5%", good: duration_ms <= 300, target: 99%,'
        b" window: {rolling: 28d}}",
    )

    with pytest.raises(
        ValueError, match=r"shop:10: objectives\.latency\.target: does not stand alone"
    ):
        next_version(body, {"latency": advice("99", "99.5")}, "2026Q3", "shop")
