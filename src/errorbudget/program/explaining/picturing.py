"""Draws a burn: the share of bad requests over time, and what happened in it.

One chart for the page, the postmortem and the message in a chat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from errorbudget import clock
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Span, moment
from errorbudget.program.drawing import PAGE, PAPER, Style, drawn, when

if TYPE_CHECKING:
    from errorbudget.burn.bars import Bars

WIDE: Final = Style(width=1100, height=150, **PAGE)
NARROW: Final = Style(width=300, height=140, **PAGE)
CHAT: Final = replace(PAPER, width=420, height=90)
MOST: Final = 12
"""Things that happened which are marked at most."""
_LONGEST: Final = 96
"""Pixels of what a mark is called: a commit is longer than a picture is high."""


def picture(
    bars: Bars, style: Style, *, span: Span, marks: Sequence[Mapping[str, str]] = ()
) -> str:
    """The bars as SVG, the time of the burn shaded; each mark says `at`, `source` and `what`."""
    about = f"The share of bad requests over time, up to {bars.most:.2%}."
    return drawn(chart(bars, style, span=span, marks=marks[:MOST]), about)


def png(bars: Bars, title: str) -> bytes:
    """The same so small that a chat shows it beside the message."""
    import vl_convert

    over = Span(bars.start, bars.start)
    words = f"{title}: up to {bars.most:.2%} bad"
    return vl_convert.vegalite_to_png(chart(bars, CHAT, span=over, title=words), scale=1)


def chart(
    bars: Bars,
    style: Style,
    *,
    span: Span,
    marks: Sequence[Mapping[str, str]] = (),
    title: str = "",
) -> dict[str, Any]:
    """The specification of the picture."""
    import altair as alt

    quiet: dict[str, Any] = {"labelColor": style.quiet, "titleColor": style.quiet}
    return (
        alt.layer(*_layers(bars, style, span, marks))
        .properties(
            width=style.width, height=style.height, background=style.ground, **_titled(title)
        )
        .configure(font="system-ui, sans-serif", aria=True)
        .configure_mark(aria=False)
        .configure_view(stroke=None)
        .configure_title(color=style.ink, fontSize=12, fontWeight="normal", anchor="start")
        .configure_axis(
            **quiet,
            labelFontSize=12,
            gridColor=style.line,
            domainColor=style.line,
            tickColor=style.line,
            title=None,
        )
        .to_dict()
    )


def _titled(title: str) -> dict[str, Any]:
    return {"title": title} if title else {}


def _layers(
    bars: Bars, style: Style, span: Span, marks: Sequence[Mapping[str, str]]
) -> Iterator[Any]:
    import altair as alt

    long = len(bars.valid) * bars.step > DAY
    hours = alt.Axis(
        format="%-d %b %H:%M" if long else "%H:%M",
        labelOverlap=True,
        grid=False,
        tickCount=max(2, style.width // (130 if long else 80)),
    )
    x = alt.X("at:T", scale=alt.Scale(type="utc"), axis=hours)
    y = alt.Y("share:Q", axis=alt.Axis(format=".2~%", tickCount=4))

    def of(rows: Sequence[Mapping[str, Any]]) -> Any:
        return alt.Chart(alt.Data(values=rows))

    if len(span):
        burn = {"at": _at(span.start), "end": _at(span.end)}
        yield of([burn]).mark_rect(color=style.line, opacity=0.6).encode(x=x, x2="end:T")
    rows = list(_rows(bars))
    if silent := [row for row in rows if row["share"] is None]:
        nothing = of(silent).mark_rect(color=style.quiet, opacity=0.25)
        yield nothing.encode(x=x, x2="end:T", tooltip=[when(), "requests:Q"])
    counts = [alt.Tooltip("share:Q", format=".2%"), "bad:Q", "requests:Q"]
    shares = of([row for row in rows if row["share"] is not None]).mark_rect(color=style.bad)
    yield shares.encode(x=x, x2="end:T", y=y, y2=alt.datum(0), tooltip=[when(), *counts])
    if marks:
        happened = of(marks).encode(x=x, tooltip="what:N")
        yield happened.mark_rule(color=style.ink, strokeDash=[4, 3])
        text = happened.mark_text(
            angle=270, align="right", dx=-4, dy=-6, limit=_LONGEST, color=style.ink
        )
        yield text.encode(y=alt.value(0), text="source:N")


def _rows(bars: Bars) -> Iterator[dict[str, Any]]:
    counts = zip(bars.valid, bars.bad, bars.shares, strict=True)
    for place, (valid, bad, share) in enumerate(counts):
        start = bars.start + place * bars.step
        about = {"at": _at(start), "end": _at(start + bars.step), "share": share}
        yield about | {"bad": bad, "requests": valid}


def _at(minute: int) -> str:
    return clock.text(moment(minute))
