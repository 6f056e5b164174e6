"""How a number gets into a postmortem: only out of what a printed query answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

Told = Mapping[str, Any]
"""By query: what it prints as JSON, and under `command` how to ask it."""


class Telling:
    """Words for values of queries; remembers which were told, so that all can be traced."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._used: dict[str, dict[str, str]] = {name: {} for name in told}

    def get(self, query: str, *path: str | int) -> Any:
        """A value, to decide by or to quote as text."""
        value = self._told[query]
        for step in path:
            value = value[step]
        return value

    def count(self, query: str, *path: str | int) -> str:
        """A number of requests: `1,996`, or in tenths below ten where it is no whole one."""
        return self._noted(count(self.get(query, *path)), query, path)

    def share(self, query: str, *path: str | int) -> str:
        """A ratio in percent: `17.9 %`."""
        return self._noted(percent(self.get(query, *path)), query, path)

    def beyond(self, query: str, *path: str | int) -> str:
        """By how much a ratio is below 0, in percent: `91.9 %` of -0.919."""
        return self._noted(percent(-self.get(query, *path)), query, path)

    def minutes(self, query: str, *path: str | int) -> str:
        """A duration: `47 minutes`, `40 h 13 min`."""
        return self._noted(duration(self.get(query, *path)), query, path)

    def at(self, query: str, *path: str | int) -> str:
        """A moment: `20 July 2026, 14:07 UTC`."""
        return self._noted(day_and_time(self.get(query, *path)), query, path)

    def time(self, query: str, *path: str | int) -> str:
        """The same without its day: `14:07 UTC`."""
        return self._noted(
            f"{datetime.fromisoformat(self.get(query, *path)):%H:%M} UTC", query, path
        )

    def text(self, query: str, *path: str | int) -> str:
        """A sentence that the query says, as it stands."""
        return plain(str(self.get(query, *path)))

    def queries(self) -> str:
        """Every query with its command, and where in its answer each number stands."""
        return "\n".join(self._query(name, used) for name, used in self._used.items() if used)

    def _query(self, name: str, used: Mapping[str, str]) -> str:
        lines = [f"- `{path}`: {said}" for path, said in used.items()]
        return "\n".join([f"**[{name}]** `{self._told[name]['command']}`", "", *lines, ""])

    def _noted(self, said: str, query: str, path: tuple[str | int, ...]) -> str:
        self._used[query][_written(path)] = said
        return said


def main_cost(of: Telling) -> int:
    """The place of the objective that a postmortem is told by."""
    named = [one["objective"] for one in of.get("impact", "costs")]
    return named.index(of.get("impact", "objective"))


def _written(path: tuple[str | int, ...]) -> str:
    """As jq has it: `.costs[0].excess`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def count(value: float | None) -> str:
    """`1,996`; `1.1`; `–` where nobody knows."""
    if value is None:
        return "–"
    if 0 < abs(value) < 0.05:
        return "less than 0.1"
    return f"{value:,.1f}" if abs(value) < 10 and value != int(value) else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """`17.9 %`; `0.35 %`; less than a hundredth is said to be that."""
    if value is None:
        return "–"
    if 0 < abs(value) < 0.0001:
        return "less than 0.01 %"
    digits = 2 if 0 < abs(value) < 0.01 else 1
    return f"{value * 100:.{digits}f} %"


def duration(minutes: int) -> str:
    """`1 minute`, `47 minutes`, `40 h 13 min`."""
    if minutes < 180:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{minutes // 60} h {minutes % 60} min"


def day_and_time(text: str) -> str:
    """`20 July 2026, 14:07 UTC`."""
    return f"{datetime.fromisoformat(text):%-d %B %Y, %H:%M} UTC"


_ESCAPED: Final = str.maketrans({one: f"\\{one}" for one in "\\`*_[]<>|#"})


def plain(text: str) -> str:
    """Text that came with requests or from logs, so that Markdown and HTML show it as it is."""
    one_line = " ".join(text.split())
    kept = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in one_line)
    return kept.translate(_ESCAPED)
