"""Draws a budget over its window: what was left, what took it, what may come.

Its colours are the page's own, so that one picture serves by day and by night and in print.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from errorbudget import clock
from errorbudget.ledger.window import minute_floor, moment
from errorbudget.policy.hindsight import Kind
from errorbudget.program.courses import Course
from errorbudget.program.drawing import drawn, when

Rows = list[dict[str, Any]]

WIDE: Final = (1090, 250)
NARROW: Final = (330, 240)
"""Width and height in pixels, of a desk's screen and of a phone's."""

_NAMED: Final[dict[tuple[int, int], int]] = {WIDE: 6, NARROW: 3}
"""Losses that are written beside the course."""
_NAME: Final = (84, 18)
"""Width and height in pixels of a name: two that are nearer lie on one another."""
LEAST: Final = -0.25
"""What is drawn at least below a budget that is spent."""
_LONGEST: Final = 12
"""Characters of a version in a label."""
_WORTH: Final = 0.01
"""The share of a budget from which a loss is told."""
_ABOUT: Final = "The share of the budget that was left, over its window; the table below has it."
_INK, _QUIET, _LINE = "var(--ink)", "var(--quiet)", "var(--line)"
_OUTCOMES: Final = {
    "allow": ("allowed", "circle", "var(--healthy)"),
    "needs_approval": ("needed an approval", "triangle-up", "var(--warn)"),
    "block": ("blocked", "square", "var(--fire)"),
}


def picture(course: Course, size: tuple[int, int] = WIDE) -> str:
    """The course as SVG to be put into a page; empty before the first request."""
    if not any(point.remaining is not None for point in course.points):
        return ""
    told = {
        "course": _points(course),
        "ahead": _ahead(course),
        "losses": _apart(losses(course), len(course.standing.budget.span), size)[: _NAMED[size]],
        "changes": _changes(course),
        "decisions": _decisions(course),
    }
    return _drawn(json.dumps(told, sort_keys=True), *size)


def prepare() -> None:
    """Load what draws, which takes a second, before anybody waits for a picture."""
    at = "2026-01-01T00:00:00Z"
    empty: dict[str, Rows] = {"ahead": [], "losses": [], "changes": [], "decisions": []}
    _drawn(json.dumps(empty | {"course": [{"at": at, "left": 1}]}), *NARROW)


def losses(course: Course) -> Rows:
    """What took most of the budget, the most first: of a change or an incident, each in words."""
    if course.account is None or not course.account.allowed:
        return []
    start = course.standing.budget.span.start
    found: Rows = []
    for line in course.account.told.lines:
        share = float(line.bad / (course.standing.budget.allowed or course.account.allowed))
        if line.kind is Kind.BACKGROUND or share < _WORTH or line.end <= start:
            continue
        change, _ = course.account.changes.get(line.change or "", (None, None))
        by_change = change is not None and line.kind is Kind.CHANGE
        day = f"{moment(line.start):%-d %b}"
        who = _short(change.version) if change and by_change else day
        what = change.id if change and by_change else f"the incident of {day}"
        at = min(line.end, course.standing.budget.end)
        found.append(
            {
                "at": clock.text(moment(at)),
                "left": _left_at(course, at),
                "label": f"{who} −{share * 100:.0f} %",
                "share": share,
                "words": f"{what}: {line.bad:,} bad requests, {share * 100:.1f} % of the budget",
            }
        )
    return sorted(found, key=lambda one: -one["share"])


def _short(version: str) -> str:
    """A version in the width of a label: of a commit what people call it by."""
    return version if len(version) <= _LONGEST else f"{version[:_LONGEST]}…"


def _apart(rows: Rows, whole: int, size: tuple[int, int]) -> Rows:
    """Those whose names do not lie on one another: of neighbours the larger."""
    near, beside = _NAME[0] / size[0] * whole, _NAME[1] / size[1] * (1 - LEAST)
    kept: Rows = []
    for row in rows:
        at, left = minute_floor(clock.parse(row["at"])), row["left"] or 0
        others = ((minute_floor(clock.parse(one["at"])), one["left"] or 0) for one in kept)
        if all(abs(at - one) > near or abs(left - other) > beside for one, other in others):
            kept.append(row)
    return kept


def _left_at(course: Course, minute: int) -> float | None:
    for before, after in pairwise(course.points):
        if before.minute <= minute <= after.minute:
            return after.remaining
    return course.points[-1].remaining


def _points(course: Course) -> Rows:
    return [
        {"at": clock.text(moment(one.minute)), "left": round(one.remaining, 5)}
        for one in course.points
        if one.remaining is not None
    ]


def _ahead(course: Course) -> Rows:
    return [
        {
            "at": clock.text(moment(one.minute)),
            "left": round(one.likely, 5),
            "low": round(max(one.low, _floor(course)), 5),
            "high": round(max(one.high, _floor(course)), 5),
        }
        for one in course.ahead
        if one.likely >= _floor(course)
    ]


def _floor(course: Course) -> float:
    """The least that is drawn: a burn that goes on would make all that was a flat line."""
    return min(LEAST, *(one.remaining for one in course.points if one.remaining is not None))


def _changes(course: Course) -> Rows:
    took = {one["words"].partition(":")[0]: one["words"] for one in losses(course)}
    return [
        {
            "at": clock.text(one.started_at),
            "words": took.get(one.id) or f"{one.id} ({one.kind})",
        }
        for one in course.changes
    ]


def _decisions(course: Course) -> Rows:
    budget = course.standing.budget
    return [
        {
            "at": entry["at"],
            "outcome": _OUTCOMES[entry["body"]["decision"]["decision"]][0],
            "words": entry["words"],
        }
        for entry in course.decisions
        if moment(budget.span.start) <= _as_of(entry) < moment(budget.end)
    ]


def _as_of(entry: Any) -> datetime:
    return clock.parse(entry["at"])


@lru_cache(maxsize=256)
def _drawn(told: str, width: int, height: int) -> str:
    """The picture of these rows; the same rows are drawn once."""
    return drawn(_chart(json.loads(told), width, height).to_dict(), _ABOUT)


def _chart(told: dict[str, Rows], width: int, height: int) -> Any:
    import altair as alt

    layers = [*_layers(told, height)]
    return (
        alt.layer(*layers)
        .properties(
            width=width,
            height=height,
            padding={"left": 8, "right": 8, "top": 4, "bottom": 8},
            background="transparent",
        )
        .configure(font="system-ui, sans-serif", aria=True)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_QUIET,
            gridColor=_LINE,
            domainColor=_LINE,
            tickColor=_LINE,
            labelFontSize=12,
            title=None,
        )
    )


def _layers(told: dict[str, Rows], height: int) -> Iterator[Any]:
    import altair as alt

    days = alt.Axis(grid=False, labelOverlap=True, format="%-d %b", tickCount=6)
    shares = alt.Axis(labelExpr="round(datum.value * 100) + ' %'", tickCount=5)
    x = alt.X("at:T", scale=alt.Scale(type="utc"), axis=days)
    y = alt.Y("left:Q", axis=shares, scale=alt.Scale(domainMax=1))

    def of(name: str) -> Any:
        return alt.Chart(alt.Data(values=told[name]))

    line = of("course").mark_line(color=_INK, strokeWidth=1.75, aria=False)
    yield line.encode(x=x, y=y, tooltip=[when(), alt.Tooltip("left:Q", format=".1%")])
    if told["ahead"]:
        fan = of("ahead").encode(x=x)
        yield fan.mark_area(color=_QUIET, opacity=0.18, aria=False).encode(y="low:Q", y2="high:Q")
        likely = fan.mark_line(color=_QUIET, strokeDash=[4, 3], aria=False)
        shares = [alt.Tooltip(f"{name}:Q", format=".1%") for name in ("left", "low", "high")]
        yield likely.encode(y=y, tooltip=[when(), *shares])
    spent = alt.Chart(alt.Data(values=[{"left": 0}]))
    yield spent.mark_rule(color=_QUIET, aria=False).encode(y="left:Q")
    yield from _marked(told, x, height)


def _marked(told: dict[str, Rows], x: Any, height: int) -> Iterator[Any]:
    """The losses on the course, the changes and the decisions along the lower edge."""
    import altair as alt

    def of(name: str) -> Any:
        return alt.Chart(alt.Data(values=told[name])).encode(
            x=x, description="words:N", tooltip="words:N"
        )

    if told["losses"]:
        lost = of("losses").encode(y="left:Q")
        yield lost.mark_point(color=_INK, filled=True, size=26, opacity=1)
        label = lost.mark_text(align="left", dx=6, dy=-6, fontSize=12, color=_INK, aria=False)
        yield label.encode(text="label:N")
    if told["changes"]:
        ticks = of("changes").mark_tick(thickness=1.25, size=9, color=_QUIET, opacity=1)
        yield ticks.encode(y=alt.value(height - 6))
    if told["decisions"]:
        names, shapes, colours = zip(*_OUTCOMES.values(), strict=True)
        marks = of("decisions").mark_point(filled=True, size=48, opacity=1)
        yield marks.encode(
            y=alt.value(height - 20),
            shape=alt.Shape("outcome:N", scale=alt.Scale(domain=names, range=shapes), legend=None),
            color=alt.Color("outcome:N", scale=alt.Scale(domain=names, range=colours), legend=None),
        )
