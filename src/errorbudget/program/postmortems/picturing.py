"""Draws a postmortem's pictures: the burn with what happened in it, and the budget around it."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import minute_floor, moment

NAMES: Final = ("burn", "budget")
_BAD, _INK, _QUIET, _PAPER, _SHADE = "#c8372d", "#222222", "#777777", "#ffffff", "#f3e3e1"
_WIDTH: Final = 640
_MARKED: Final = ("change", "alert", "acknowledgement", "note", "approval")


def svg(told: Mapping[str, Any], name: str) -> str:
    """The picture of this name of what a postmortem's data says. Raises Failure for no such."""
    if name not in NAMES:
        raise Failure(f"{name}: there is no such picture; there are {', '.join(NAMES)}")
    impact, explain, room = told["impact"], told["explain"], told["room"]
    of = {"from": impact["from"], "to": impact["to"]}
    if name == "burn":
        of |= {"bars": explain["bars"], "marks": list(_marks(impact))}
    else:
        of |= {"parts": list(_parts(impact, room))}
    return _drawn(name, json.dumps(of, sort_keys=True))


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
def _drawn(name: str, told: str) -> str:
    """The same values are drawn once."""
    import vl_convert

    chart = (_burn if name == "burn" else _budget)(json.loads(told))
    styled = chart.configure(font="sans-serif", background=_PAPER).configure_view(stroke=None)
    return vl_convert.vegalite_to_svg(styled.to_dict())


def _burn(told: Mapping[str, Any]) -> Any:
    import altair as alt

    of = told["bars"]
    start, step = minute_floor(clock.parse(of["from"])), of["minutes"]
    rows = [
        {
            "at": clock.text(moment(start + place * step)),
            "end": clock.text(moment(start + (place + 1) * step)),
            "share": bad / valid if valid else None,
            "nothing": not valid,
        }
        for place, (valid, bad) in enumerate(zip(of["valid"], of["bad"], strict=True))
    ]
    long = len(rows) * step > DAY
    hours = alt.Axis(format="%-d %b %H:%M" if long else "%H:%M", labelOverlap=True)
    x = alt.X("at:T", title="UTC", scale=alt.Scale(type="utc"), axis=hours)
    shade = alt.Chart(alt.Data(values=[{"at": told["from"], "end": told["to"]}]))
    layers = [shade.mark_rect(color=_SHADE).encode(x=x, x2="end:T")]
    y = alt.Y("share:Q", title="share of bad requests", axis=alt.Axis(format="%"))
    drawn = alt.Chart(alt.Data(values=rows))
    bars = drawn.mark_rect(color=_BAD).encode(x=x, x2="end:T", y=y, y2=alt.datum(0))
    layers.append(bars)
    if told["marks"]:
        rules = alt.Chart(alt.Data(values=told["marks"]))
        layers.append(rules.mark_rule(color=_INK, strokeDash=[4, 3]).encode(x=x, tooltip="what:N"))
        text = rules.mark_text(angle=270, align="right", dx=-4, dy=-6, color=_INK)
        layers.append(text.encode(x=x, y=alt.value(0), text="source:N"))
    return alt.layer(*layers).properties(width=_WIDTH, height=220)


def _budget(told: Mapping[str, Any]) -> Any:
    import altair as alt

    names = ["this incident", "all else", "left"]
    colours = alt.Scale(domain=names, range=[_BAD, _QUIET, "#dddddd"])
    return (
        alt.Chart(alt.Data(values=told["parts"]))
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title="share of the budget", axis=alt.Axis(format="%")),
            color=alt.Color("part:N", scale=colours, title=None, sort=names),
            order="order:Q",
        )
        .properties(width=_WIDTH, height=40)
    )
