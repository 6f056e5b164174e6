"""What does a proposal say, in sentences that somebody could sign?"""

from collections.abc import Iterator
from math import expm1
from typing import Final

from scipy.special import gammaincinv

from errorbudget.objective.notation import digits
from errorbudget.objective.proposal.grid import FEWEST, GRID, target, tighter
from errorbudget.objective.proposal.history import History
from errorbudget.objective.proposal.regime import Present
from errorbudget.objective.proposal.ruling import MONTH
from errorbudget.objective.proposal.target import STABLE, Candidate, Proposal
from errorbudget.objective.proposal.wording import used

_SOME: Final = 0.05
"""The share of windows that a stretch must have kept to be within reach."""
_FEW: Final = 10
"""Bad requests below which nobody can say what they have in common."""


_LARGE: Final = 0.25
"""The share of a budget that a day must use to be a large incident."""
_SURELY: Final = 0.9
"""How sure the ends of the range of a rate are, each (Garwood 1936, one-sided Poisson limits)."""


def promise(found: Proposal, history: History) -> list[str]:
    """The commit and the stretch: what is promised, and why that much."""
    if (commit := found.commit) is None:
        return [_no_budget(found)]
    allowed = int(commit.allowance * found.requests)
    said = [
        f"Promise {commit.target} over {found.window} days: of about {digits(found.requests)}"
        f" requests, {allowed:,} may fail.",
        _kept(commit, found),
        f"Half of those windows use {used(commit.median_use, 'the budget')} or less, one in ten"
        f" {used(commit.bad_use, 'it')} or more.",
    ]
    if broken := found.caps.broken(commit.allowance):
        said.append(broken)
    said += _stretch(found, int(history.bad.sum()))
    return [*said, *_rare(found, commit), *doubts(found, history)]


def doubts(found: Proposal, history: History) -> Iterator[str]:
    """What weakens the proposal, and what of its history was read otherwise than it stands."""
    yield from _regime(found.present, history, found)
    days, seen = len(history), int(history.seen.sum())
    if seen < days:
        yield f"On {days - seen} of {days} days nothing could be seen; they say nothing."
    if len(found.present.valid) < MONTH:
        n = len(found.present.valid)
        yield (
            f"Only {n} {'day speaks' if n == 1 else 'days speak'} for it, so windows were put"
            f" together from resampled {found.rates.pieces}: propose again after four weeks."
        )
    if (
        found.commit
        and found.between
        and (found.stability < STABLE or len(found.present.valid) < MONTH)
    ):
        low, high = found.between
        yield (
            f"History settles this only to between {low} and {high}: {found.stability:.0%} of"
            f" resampled histories lead to {found.commit.target}."
        )


def _kept(commit: Candidate, found: Proposal) -> str:
    resampled = f"{commit.resampled:.0%} of windows resampled from its {found.rates.pieces}"
    if not commit.windows:
        return f"No whole window of {found.window} days has passed; {resampled} would have kept it."
    past = (
        f"All {commit.windows} past windows"
        if commit.kept == commit.windows
        else f"{commit.kept} of {commit.windows} past windows"
    )
    return f"{past} would have kept it (one ends each day), and {resampled}."


def _stretch(found: Proposal, bad: int) -> Iterator[str]:
    commit, stretch, work = found.commit, found.stretch, found.work
    if found.limited_by == "volume" and commit:
        yield (
            f"Limited by volume: a tighter target would allow fewer than {FEWEST} failures in"
            f" {found.window} days, and single failures would decide."
        )
    if found.limited_by == "cap" and commit and (allowance := tighter(commit.allowance)):
        yield found.caps.why(allowance)
    if stretch is None:
        return
    yield _reach(stretch)
    if bad < _FEW:
        failed = "1 request" if bad == 1 else f"{bad or 'no'} requests"
        yield f"Only {failed} failed: too few to say what separates the two."
    elif work is None:
        yield (
            "No single incident, route, version or kind of failure separates the two: it is the"
            " everyday failures."
        )
    elif work.enough:
        yield f"The work that separates the two: without {work.name}, history would keep it."
    else:
        yield (
            f"The first step there is {work.name}; alone it is not enough, so the stretch is an"
            " aspiration for now."
        )


def _reach(stretch: Candidate) -> str:
    """How near the stretch is."""
    if stretch.kept < _SOME * stretch.windows or stretch.resampled < _SOME:
        fewer = (
            f": it takes {1 - 1 / stretch.bad_use:.0%} fewer failures" if stretch.bad_use else ""
        )
        return f"The next step, {stretch.target}, is out of reach for now{fewer}."
    kept = (
        f"{stretch.kept} of {stretch.windows} past windows"
        if stretch.windows
        else f"{stretch.resampled:.0%} of resampled windows"
    )
    return f"Reach for {stretch.target}: {kept} would have kept it."


def _rare(found: Proposal, commit: Candidate) -> Iterator[str]:
    """What a history of this length cannot know: how often large incidents come."""
    now = found.present
    if len(now.valid) < MONTH:
        return
    large = int((now.bad > _LARGE * float(commit.allowance) * found.requests).sum())
    days = len(now.valid)
    most = float(gammaincinv(large + 1, _SURELY)) / days
    if not large:
        yield (
            f"No day of these {days} used over a quarter of this budget. Such days may still come"
            f" as often as once in {1 / most:.0f} days without having shown by now: this history is"
            " too short to tell."
        )
        return
    least = float(gammaincinv(large, 1 - _SURELY)) / days
    low, high = (-expm1(-rate * found.window) for rate in (least, most))
    yield (
        f"{large} of these {days} days used over a quarter of this budget each. From so few nobody"
        f" knows how often they come: between {low:.0%} and {high:.0%} of windows will meet one."
    )


def _regime(now: Present, history: History, found: Proposal) -> Iterator[str]:
    if step := now.step:
        way = f"{step.ratio:.1f} times" if step.ratio > 1 else f"{digits(step.ratio, 2)} times"
        yield (
            f"On {history.date(step.at)} the share of failures changed for good, to {way} what it"
            " was. Only the days since then were used."
        )
    if trend := now.trend:
        yield (
            f"Failures grow by {trend.weekly - 1:.0%} a week. The target is set for what the next"
            f" quarter brings if that goes on: {trend.ahead:.1f} times today's rate. Stop the"
            " growth, and promise more."
        )
    if aside := now.set_aside:
        first = history.date(aside.first)
        until = "" if aside.days == 1 else f" and {history.date(aside.first + 1)}"
        cost = (
            f" Another one like it would use {used(found.set_aside_use, 'this budget')}."
            if found.set_aside_use
            else ""
        )
        yield (
            f"{first}{until} had {aside.share:.0%} of all failures ({aside.bad:,}). It was set"
            f" aside: one such day is too rare to plan by.{cost}"
        )


def _no_budget(found: Proposal) -> str:
    if not found.candidates:
        return (
            f"There is no meaningful budget: about {found.requests:,} requests in {found.window}"
            f" days allow fewer than {FEWEST} failures even at {target(GRID[0])}. Pool this service"
            " with others that share its failures, send probes, or look at each failure by itself."
        )
    loosest = found.candidates[0]
    return (
        f"No target is worth a promise yet: even {loosest.target} was kept in only"
        f" {loosest.resampled:.0%} of resampled windows. Work on what fails first."
    )
