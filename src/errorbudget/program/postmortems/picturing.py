"""Draws a postmortem's pictures: the burn with what happened in it, and the budget around it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from errorbudget import clock
from errorbudget.burn.bars import Bars
from errorbudget.errors import Failure
from errorbudget.ledger.window import Span, minute_floor
from errorbudget.program.drawing import PAGE, PAPER, Style, drawn
from errorbudget.program.explaining.picturing import chart

NAMES: Final = ("burn", "budget")
FILE: Final = replace(PAPER, width=640)
WIDE: Final = Style(width=860, height=180, **PAGE)
NARROW: Final = Style(width=290, height=150, **PAGE)
_MARKED: Final = ("change", "alert", "acknowledgement", "note", "approval")


def svg(told: Mapping[str, Any], name: str, style: Style = FILE) -> str:
    """The picture of this name of what a postmortem's data says. Raises Failure for no such."""
    if name not in NAMES:
        raise Failure(f"{name}: there is no such picture; there are {', '.join(NAMES)}")
    impact, explain, room = told["impact"], told["explain"], told["room"]
    of = {"from": impact["from"], "to": impact["to"]}
    if name == "burn":
        of |= {"bars": explain["bars"], "marks": list(_marks(impact))}
    else:
        of |= {"parts": list(_parts(impact, room))}
    return _drawn(name, json.dumps(of, sort_keys=True), style)


def _marks(impact: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """One for each source and minute, so that names do not lie on one another."""
    seen = set[tuple[str, int]]()
    for one in impact["timeline"]:
        key = one["source"], minute_floor(clock.parse(one["at"]))
        if one["source"] in _MARKED and key not in seen:
            seen.add(key)
            yield {"at": one["at"], "source": one["source"], "what": one["text"]}


def _parts(impact: Mapping[str, Any], room: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What this incident took, what all else took, and what was left then."""
    cost = next(one for one in impact["costs"] if one["objective"] == impact["objective"])
    allowed, bad = room["allowed"], room["bad"]
    if not allowed:
        return
    mine = min(cost["excess"] / allowed, bad / allowed)
    yield {"part": "this incident", "share": mine, "order": 0}
    yield {"part": "all else", "share": bad / allowed - mine, "order": 1}
    yield {"part": "left", "share": max(1 - bad / allowed, 0.0), "order": 2}


@lru_cache(maxsize=64)
def _drawn(name: str, told: str, style: Style) -> str:
    """The same values are drawn once."""
    about = f"The {name} of this incident; its numbers are in the text."
    return drawn((_burn if name == "burn" else _budget)(json.loads(told), style), about)


def _burn(told: Mapping[str, Any], style: Style) -> dict[str, Any]:
    of = told["bars"]
    bars = Bars(
        start=minute_floor(clock.parse(of["from"])),
        step=of["minutes"],
        valid=tuple(of["valid"]),
        bad=tuple(of["bad"]),
    )
    first, last = (minute_floor(clock.parse(told[name])) for name in ("from", "to"))
    return chart(bars, style, span=Span(first, last), marks=told["marks"])


def _budget(told: Mapping[str, Any], style: Style) -> dict[str, Any]:
    import altair as alt

    names = ["this incident", "all else", "left"]
    colours = alt.Scale(domain=names, range=[style.bad, style.quiet, style.line])
    axis = alt.Axis(format="%", tickCount=5)
    legend = alt.Legend(orient="bottom")
    return (
        alt.Chart(alt.Data(values=told["parts"]))
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title="share of the budget", axis=axis),
            color=alt.Color("part:N", scale=colours, title=None, sort=names, legend=legend),
            order="order:Q",
        )
        .properties(width=style.width, height=40, background=style.ground)
        .configure(font="system-ui, sans-serif")
        .configure_axis(labelColor=style.quiet, titleColor=style.quiet, gridColor=style.line)
        .configure_legend(labelColor=style.ink)
        .configure_view(stroke=None)
        .to_dict()
    )
