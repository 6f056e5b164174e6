"""What people know of dependencies and contracts holds a target back, and says so."""

from fractions import Fraction

from errorbudget.objective.proposal.caps import Caps
from errorbudget.objective.proposal.sentences import promise
from errorbudget.objective.proposal.target import propose
from objective.proposal.days import history

STEADY = history(0.00004)
"""Worth 99.995 % by itself."""


def test_a_target_is_not_tighter_than_what_every_request_needs() -> None:
    caps = Caps(dependencies=(Fraction("0.9997"), Fraction("0.9999")))
    found = propose(STEADY, caps=caps)

    assert found.commit is not None
    assert (found.commit.target, found.stretch, found.limited_by) == ("99.95%", None, "cap")
    (said,) = (line for line in promise(found, STEADY) if "Limited by what it needs" in line)
    assert "(available 99.97%, 99.99%): 0.04% of requests fail" in said


def test_a_target_lies_one_step_inside_the_contract() -> None:
    found = propose(STEADY, caps=Caps(sla=Fraction("0.999")))

    assert found.commit is not None
    assert (found.commit.target, found.limited_by) == ("99.95%", "cap")
    assert any("the contract promises 99.9%, and one" in line for line in promise(found, STEADY))


def test_a_contract_that_history_does_not_bear_is_told() -> None:
    made = history(0.005)
    found = propose(made, caps=Caps(sla=Fraction("0.995")))

    assert found.commit is not None
    assert found.commit.target == "99%"
    assert any("history bears no target inside it" in line for line in promise(found, made))


def test_caps_that_are_loose_change_nothing() -> None:
    free = propose(STEADY)
    capped = propose(STEADY, caps=Caps(dependencies=(Fraction("0.99999"),)))

    assert (capped.commit, capped.stretch) == (free.commit, free.stretch)


def test_what_a_short_history_cannot_know_of_large_incidents_is_said() -> None:
    quiet, some = history(0.005), history(lambda day: 0.0004 + 0.06 * (day % 40 == 3))

    assert any(
        "No day of these 84 used over a quarter of this budget. Such days may still come as often"
        " as once in 36 days without having shown by now" in line
        for line in promise(propose(quiet), quiet)
    )
    found = propose(some)
    assert any("used over a quarter of this budget each" in line for line in promise(found, some))
