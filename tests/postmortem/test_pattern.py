"""An incident is known again by its cause, and work is ranked by what went on what it fixes."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from errorbudget.burn.concentration import Concentration
from errorbudget.burn.correlation import Coincidence
from errorbudget.burn.log_patterns import Pattern
from errorbudget.change import Change
from errorbudget.postmortem.pattern import BACKGROUND, Kind, Spent, kind, likeness, ranked


def known(cause: str, place: str = "", *marks: str) -> Kind:
    return Kind(cause=cause, place=place, marks=frozenset({f"cause {cause}", *marks}))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (known("change", "shop", "where route=/pay"), known("change", "shop", "log a"), 0.5),
        (known("change", "shop"), known("change", "cart"), 0.0),
        (known("unknown"), known("unknown"), 0.0),
        (known("silence"), known("silence"), 1.0),
        (known("slice", "route=/pay", "log a"), known("unknown", "", "log a"), 1 / 3),
    ],
)
def test_two_are_alike_by_cause_and_place_or_by_what_they_left(
    one: Kind, other: Kind, alike: float
) -> None:
    assert likeness(one, other) == likeness(other, one) == pytest.approx(alike)


def test_what_every_deploy_writes_makes_no_two_incidents_alike() -> None:
    starts = line("starting version <NUM>")
    one = looked_into([starts, line("pool is empty", "t-1")], "shop")
    other = looked_into([starts], "cart")

    assert one.marks == {"cause change", "log pool is empty"}
    assert likeness(one, other) == 0


def line(template: str, *traces: str) -> Pattern:
    return Pattern(
        template=template, count=9, baseline_count=0, reason="new", trace_ids=traces, score=9.0
    )


def looked_into(logs: list[Pattern], service: str) -> Kind:
    change = Change(
        id="1", service=service, version="2", started_at=datetime(2026, 3, 2, tzinfo=UTC)
    )
    fits = Coincidence(change=change, fits=True, evidence=(), score=1.0)
    nobody = Concentration(
        tenants=0,
        top_tenant=None,
        top_share=None,
        effective_tenants=None,
        elevated_share=None,
        top_volume=None,
        sentence="",
    )
    return kind(valid=100, lost=False, where=(), who=nobody, changes=[fits], logs=logs)


def test_work_is_ranked_by_what_went_on_what_it_fixes() -> None:
    spent = [
        Spent(cost=Fraction(30), kind=known("change", "shop"), what="one"),
        Spent(cost=Fraction(25), kind=known("change", "shop"), what="two"),
        Spent(cost=Fraction(40), kind=BACKGROUND, what="usual"),
        Spent(cost=Fraction(10), kind=None, what="the incident of 3 May"),
        Spent(cost=Fraction(0), kind=known("silence"), what="nothing"),
    ]

    found = ranked(spent, "shop")

    assert [(one.cost, one.of) for one in found] == [
        (55, ("one", "two")),
        (40, ("usual",)),
        (10, ("the incident of 3 May",)),
    ]
    assert "canary" in found[0].fix
    assert "nobody has looked into it" in found[2].fix
