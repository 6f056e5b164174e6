"""Draws the evidence of a proposal and what a backtest found: beside a document, or in a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import altair as alt

from errorbudget.objective.proposal.evidence import (
    DAILY,
    LATENCY,
    LEFT_OUT,
    WINDOWS,
    markdown,
    parts,
)
from errorbudget.program.drawing import PAGE, PAPER, Style, drawn

Told = Mapping[str, Any]
Rows = Sequence[Told]

BACKTEST: Final = "backtest"
"""The name of the picture of a backtest; those of the evidence are named where it is written."""
TITLES: Final[Mapping[str, str]] = {
    LEFT_OUT: "Which requests count, and which are left out",
    DAILY: "The share of bad requests of each day",
    WINDOWS: "The share of the budget that each past window used",
    LATENCY: "Requests by duration",
    BACKTEST: "The share of the budget that was left at the end of each day",
}

_PADDING: Final = {"left": 20, "right": 8, "top": 4, "bottom": 4}
"""Names are measured in another font than the page's, which may be wider."""
_DATE: Final = "%-d %b"


WIDE: Final = Style(width=900, height=220, **PAGE)
NARROW: Final = Style(width=240, height=200, **PAGE)
"""A page on a desk's screen and on a phone's."""


def write_evidence(told: Told, out: Path) -> list[Path]:
    """Evidence beside the document at `out`: `NAME.evidence.md`, its pictures in `NAME.evidence`.

    Raises OSError.
    """
    page = out.with_suffix(".evidence.md")
    folder = out.with_suffix(".evidence")
    folder.mkdir(exist_ok=True)
    written = [page]
    places: dict[str, str] = {}
    for name, picture in pictures(told).items():
        path = folder / f"{name}.svg"
        path.write_text(picture, encoding="utf-8")
        places[name] = f"{folder.name}/{path.name}"
        written.append(path)
    page.write_text(markdown(told, places), encoding="utf-8")
    return written


def pictures(told: Told, style: Style = PAPER) -> dict[str, str]:
    """The pictures that a proposal's evidence has data for, as SVG, by name."""
    evidence = told["evidence"]
    charts: dict[str, Any] = {LEFT_OUT: _left_out(parts(told), style)}
    if days := [day for day in evidence["days"] if day["seen"] and day["valid"]]:
        charts[DAILY] = _daily(days, told, style)
    if evidence["windows"]["ends"]:
        charts[WINDOWS] = _windows(evidence["windows"], style)
    if evidence["durations"]:
        charts[LATENCY] = _latency(evidence["durations"], style)
    return {name: _svg(name, chart, style) for name, chart in charts.items()}


def backtest(told: Told, style: Style = PAPER) -> str:
    """What was left of each budget day by day, and when people would have been paged; SVG.

    Empty where nothing was counted.
    """
    rows = [
        {"at": one["at"], "left": max(one["remaining"], -1), "objective": one["objective"]}
        for one in told["curve"]
        if one["remaining"] is not None
    ]
    if not rows:
        return ""
    x = alt.X("at:T", title=None, axis=_days())
    y = alt.Y("left:Q", title="left of the budget", axis=_shares(), scale=alt.Scale(domainMax=1))
    line = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(color=style.ink, point=len(rows) < 3)
        .encode(x=x, y=y, strokeDash=_dashes(rows))
    )
    layers = [line, _level(0, "left:Q", style)]
    pages = [
        {"at": one["at"], "words": one["line"]}
        for one in told["alerts"]
        if one["level"] == "fire" and one["kind"] != "resolved"
    ]
    if pages:
        marks = alt.Chart(alt.Data(values=pages)).mark_point(
            color=style.bad, filled=True, shape="square", size=40, opacity=1
        )
        layers.append(marks.encode(x=x, y=alt.value(style.height - 8), description="words:N"))
    return _svg(BACKTEST, _sized(alt.layer(*layers), style), style)


def _dashes(rows: Rows) -> Any:
    """A line of its own for each objective; one alone needs no name."""
    names = {one["objective"] for one in rows}
    if len(names) == 1:
        return alt.StrokeDash("objective:N", legend=None)
    return alt.StrokeDash("objective:N", title=None)


def _left_out(some: list[tuple[str, int]], style: Style) -> Any:
    """How many requests count, and how many do not, by reason."""
    rows = [{"what": what, "requests": count} for what, count in some if count]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y(
            "what:N",
            title=None,
            sort=[what for what, _ in some],
            axis=alt.Axis(labelLimit=240, grid=False),
        ),
        x=alt.X("requests:Q", title="requests", axis=alt.Axis(format="~s", tickCount=4)),
    )
    colour = alt.condition(alt.datum.what == "bad", alt.value(style.bad), alt.value(style.bars))
    label = base.mark_text(align="left", dx=4, color=style.ink).encode(
        text=alt.Text("requests:Q", format=",")
    )
    return alt.layer(base.mark_bar().encode(color=colour), label).properties(width=style.width)


def _daily(days: Rows, told: Told, style: Style) -> Any:
    """The share of bad requests of each day, and what the commit and the stretch allow."""
    rows = [{"date": day["date"], "share": day["bad"] / day["valid"]} for day in days]
    bars = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(color=style.bars)
        .encode(
            x=alt.X("date:T", title=None, axis=_days()),
            y=alt.Y("share:Q", title="bad requests", axis=alt.Axis(format=".2~%", tickCount=5)),
        )
    )
    lines = [
        {"allowed": float(one["allowance"]), "target": one["target"]}
        for one in (told["commit"], told["stretch"])
        if one
    ]
    if not lines:
        return _sized(bars, style)
    base = alt.Chart(alt.Data(values=lines)).encode(y="allowed:Q")
    rule = base.mark_rule(color=style.bad, strokeDash=[4, 3])
    label = base.mark_text(align="right", dx=-4, dy=-6, color=style.bad).encode(
        x=alt.value(style.width), text="target:N"
    )
    return _sized(alt.layer(bars, rule, label), style)


def _windows(windows: Told, style: Style) -> Any:
    """The share of its budget that each past window used, by candidate."""
    rows = [
        {"ends": end, "used": use, "target": target}
        for target, uses in windows["use"].items()
        for end, use in zip(windows["ends"], uses, strict=True)
    ]
    targets = list(windows["use"])
    dashes = [[1, 0], [6, 3], [2, 2]][: len(targets)]
    lines = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=len(windows["ends"]) < 3, color=style.ink)
        .encode(
            x=alt.X(
                "ends:T", title=f"last day of a window of {windows['days']} days", axis=_days()
            ),
            y=alt.Y("used:Q", title="budget used", axis=_shares()),
            strokeDash=alt.StrokeDash(
                "target:N", sort=targets, title=None, scale=alt.Scale(domain=targets, range=dashes)
            ),
        )
    )
    return _sized(alt.layer(lines, _level(1, "used:Q", style)), style)


def _latency(durations: Told, style: Style) -> Any:
    """Requests by duration, both by the power of ten, and the limit."""
    rows = [
        {"from": one["from_ms"], "to": one["from_ms"] * 10 ** (1 / 20), "requests": one["requests"]}
        for one in durations["bins"]
    ]
    x = alt.X(
        "from:Q",
        scale=alt.Scale(type="log"),
        title="milliseconds",
        axis=alt.Axis(format="~s", tickCount=6, grid=False),
    )
    bars = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(color=style.bars)
        .encode(
            x=x,
            x2="to:Q",
            y=alt.Y(
                "requests:Q",
                scale=alt.Scale(type="symlog"),
                title="requests",
                axis=alt.Axis(format="~s", tickCount=4),
            ),
            y2=alt.datum(0),
        )
    )
    if not durations["limit_ms"]:
        return _sized(bars, style)
    limit = (
        alt.Chart(alt.Data(values=[{"from": durations["limit_ms"]}]))
        .mark_rule(color=style.bad, strokeDash=[4, 3])
        .encode(x="from:Q")
    )
    return _sized(alt.layer(bars, limit), style)


def _level(at: float, field: str, style: Style) -> Any:
    """Where a budget is spent."""
    rows = alt.Data(values=[{field.partition(":")[0]: at}])
    return alt.Chart(rows).mark_rule(color=style.bad, strokeDash=[4, 3]).encode(y=field)


def _days() -> alt.Axis:
    return alt.Axis(format=_DATE, labelOverlap=True, tickCount=6, grid=False)


def _shares() -> alt.Axis:
    return alt.Axis(format=".0%", tickCount=5)


def _sized(chart: Any, style: Style) -> Any:
    return chart.properties(width=style.width, height=style.height)


def _svg(name: str, chart: Any, style: Style) -> str:
    quiet = {"labelColor": style.quiet, "titleColor": style.quiet, "labelFontSize": 12}
    dressed = (
        chart.properties(background=style.ground, padding=_PADDING)
        .configure(font="system-ui, sans-serif", aria=True)
        .configure_mark(aria=False)
        .configure_view(stroke=None)
        .configure_axis(
            **quiet,
            titleFontWeight="normal",
            gridColor=style.line,
            domainColor=style.line,
            tickColor=style.line,
        )
        .configure_legend(labelColor=style.quiet, orient="top", symbolStrokeColor=style.ink)
    )
    return drawn(dressed.to_dict(), TITLES[name])
