"""One specification of a picture for every reader: drawn as SVG, and explored where it stands.

What a page shows, what lies beside Markdown and what goes to a chat is the same Vega-Lite.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from html import escape
from threading import Lock
from typing import Any, Final

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Where a picture is put: its size in pixels, and its colours."""

    width: int
    height: int
    ink: str
    quiet: str
    line: str
    bars: str
    bad: str
    ground: str


PAPER: Final = Style(
    width=720,
    height=220,
    ink="#222222",
    quiet="#555555",
    line="#dddddd",
    bars="#4c78a8",
    bad="#c4332b",
    ground="white",
)
"""A file of its own, on white."""
PAGE: Final[Mapping[str, str]] = {
    "ink": "var(--ink)",
    "quiet": "var(--quiet)",
    "line": "var(--line)",
    "bars": "var(--quiet)",
    "bad": "var(--fire)",
    "ground": "transparent",
}
"""The colours of a page by day and by night."""

_DRAWN: Final = 256
_KEPT: Final = 512
"""Specifications are kept longer than any picture of them."""


def drawn(chart: Mapping[str, Any], about: str) -> str:
    """The picture of a Vega-Lite specification as SVG; `about` is told to who hears the page.

    It carries the name that `explorable` knows its specification by.
    """
    text = orjson.dumps(chart, option=orjson.OPT_SORT_KEYS)
    name = sha256(text).hexdigest()
    with _turn:
        _specifications[name] = text
        _specifications.move_to_end(name)
        while len(_specifications) > _KEPT:
            _specifications.popitem(last=False)
    return _svg(text.decode(), name, about)


def explorable(name: str) -> bytes | None:
    """The specification of a picture that was drawn lately, as JSON; None where it is gone.

    It can be moved and zoomed along its time, and each mark and each point of a line tells its
    values. A name is of the contents: who knows it has seen the picture.
    """
    with _turn:
        text = _specifications.get(name)
    if text is None:
        return None
    chart = orjson.loads(text)
    chart.setdefault("config", {}).setdefault("mark", {})["tooltip"] = {"content": "encoding"}
    units = list(_units(chart))
    for unit in units:
        if unit["mark"]["type"] == "line":
            unit["mark"]["point"] = "transparent"
    over_time = [one for one in units if _of(one, "x").get("type") == "temporal"]
    if over_time:
        over_time[0]["params"] = [_ZOOM]
    return orjson.dumps(chart)


def when() -> Any:
    """What a mark tells of its moment `at` to who explores the picture."""
    import altair as alt

    return alt.Tooltip(
        "at:T", title="UTC", format="%-d %b %H:%M", timeUnit="utcyearmonthdatehoursminutes"
    )


@cache
def library() -> bytes:
    """The JavaScript that draws such specifications in a browser; made in some seconds, once."""
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").encode()


_ZOOM: Final = {
    "name": "zoom",
    "select": {"type": "interval", "encodings": ["x"], "zoom": "wheel![event.shiftKey]"},
    "bind": "scales",
}
_specifications: Final = OrderedDict[str, bytes]()
_turn: Final = Lock()


@lru_cache(maxsize=_DRAWN)
def _svg(text: str, name: str, about: str) -> str:
    import vl_convert

    head = f'<svg role="img" aria-label="{escape(about)}" data-picture="{name}" '
    svg = vl_convert.vegalite_to_svg(text).replace("<svg ", head, 1)
    # What a mark is named for who hears the page is shown where a pointer rests, too.
    return re.sub(r'(<path aria-label="([^"]*)"[^>]*)></path>', r"\1><title>\2</title></path>", svg)


def _units(chart: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What has a mark of its own, of layers within layers."""
    if "mark" in chart:
        yield chart
    for layer in chart.get("layer", ()):
        yield from _units(layer)


def _of(unit: Mapping[str, Any], channel: str) -> Mapping[str, Any]:
    encoding: Mapping[str, Mapping[str, Any]] = unit.get("encoding") or {}
    return encoding.get(channel) or {}
