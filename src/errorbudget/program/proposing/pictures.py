"""Draws the evidence of a proposal, and writes it: Markdown with pictures beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import altair as alt
import vl_convert

from errorbudget.objective.proposal.evidence import (
    DAILY,
    LATENCY,
    LEFT_OUT,
    WINDOWS,
    markdown,
    parts,
)

Told = Mapping[str, Any]

_WIDTH: Final = 720
_HEIGHT: Final = 220
_DATE: Final = "%d %b"
_GOOD, _BAD, _EDGE = "#4c78a8", "#e45756", "#222222"


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


def pictures(told: Told) -> dict[str, str]:
    """The pictures that a proposal's evidence has data for, as SVG."""
    drawn: dict[str, Any] = {LEFT_OUT: _left_out(parts(told))}
    if days := [day for day in told["evidence"]["days"] if day["seen"] and day["valid"]]:
        drawn[DAILY] = _daily(days, told)
    if told["evidence"]["windows"]["ends"]:
        drawn[WINDOWS] = _windows(told["evidence"]["windows"])
    if told["evidence"]["durations"]:
        drawn[LATENCY] = _latency(told["evidence"]["durations"])
    return {name: vl_convert.vegalite_to_svg(chart.to_dict()) for name, chart in drawn.items()}


def _left_out(some: list[tuple[str, int]]) -> Any:
    """How many requests count, and how many do not, by reason."""
    rows = [{"what": what, "requests": count} for what, count in some if count]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("what:N", title=None, sort=[what for what, _ in some]),
        x=alt.X("requests:Q", title="requests"),
    )
    colour = alt.condition(alt.datum.what == "bad", alt.value(_BAD), alt.value(_GOOD))
    label = base.mark_text(align="left", dx=4).encode(text=alt.Text("requests:Q", format=","))
    return alt.layer(base.mark_bar().encode(color=colour), label).properties(width=_WIDTH)


def _daily(days: list[Told], told: Told) -> Any:
    """The share of bad requests of each day, and what the commit and the stretch allow."""
    rows = [{"date": day["date"], "share": day["bad"] / day["valid"]} for day in days]
    bars = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(color=_GOOD)
        .encode(
            x=alt.X("date:T", title=None, axis=alt.Axis(format=_DATE)),
            y=alt.Y("share:Q", title="bad requests", axis=alt.Axis(format=".2%")),
        )
    )
    lines = [
        {"allowed": float(one["allowance"]), "target": one["target"]}
        for one in (told["commit"], told["stretch"])
        if one
    ]
    if not lines:
        return _sized(bars)
    base = alt.Chart(alt.Data(values=lines)).encode(y="allowed:Q")
    rule = base.mark_rule(color=_BAD, strokeDash=[4, 3])
    label = base.mark_text(align="right", dx=-4, dy=-6, color=_BAD).encode(
        x=alt.value(_WIDTH), text="target:N"
    )
    return _sized(alt.layer(bars, rule, label))


def _windows(windows: Told) -> Any:
    """The share of its budget that each past window used, by candidate."""
    rows = [
        {"ends": end, "used": use, "target": target}
        for target, uses in windows["use"].items()
        for end, use in zip(windows["ends"], uses, strict=True)
    ]
    lines = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=len(windows["ends"]) < 3)
        .encode(
            x=alt.X(
                "ends:T",
                title=f"last day of the window of {windows['days']} days",
                axis=alt.Axis(format=_DATE),
            ),
            y=alt.Y("used:Q", title="budget used", axis=alt.Axis(format=".0%")),
            color=alt.Color("target:N", sort=list(windows["use"])),
        )
    )
    whole = alt.Chart(alt.Data(values=[{"used": 1}])).mark_rule(color=_EDGE).encode(y="used:Q")
    return _sized(alt.layer(lines, whole))


def _latency(durations: Told) -> Any:
    """Requests by duration, both by the power of ten, and the limit."""
    rows = [
        {"from": one["from_ms"], "to": one["from_ms"] * 10 ** (1 / 20), "requests": one["requests"]}
        for one in durations["bins"]
    ]
    x = alt.X("from:Q", scale=alt.Scale(type="log"), title="milliseconds")
    bars = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(color=_GOOD)
        .encode(
            x=x,
            x2="to:Q",
            y=alt.Y("requests:Q", scale=alt.Scale(type="symlog"), title="requests"),
        )
    )
    if not durations["limit_ms"]:
        return _sized(bars)
    limit = (
        alt.Chart(alt.Data(values=[{"from": durations["limit_ms"]}]))
        .mark_rule(color=_BAD, strokeDash=[4, 3])
        .encode(x="from:Q")
    )
    return _sized(alt.layer(bars, limit))


def _sized(chart: Any) -> Any:
    return chart.properties(width=_WIDTH, height=_HEIGHT)
