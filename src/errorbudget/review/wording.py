"""How do reviews write moments, shares and counts?"""

import re
from collections.abc import Sequence
from fractions import Fraction

from errorbudget.ledger.window import moment


def stamp(minute: int) -> str:
    """A minute since 1970 as RFC 3339 text in UTC."""
    return moment(minute).isoformat(timespec="seconds").replace("+00:00", "Z")


def times(count: int, one: str, many: str = "") -> str:
    """`1 freeze`, `2 freezes`, `no freezes`."""
    word = one if count == 1 else many or f"{one}s"
    return f"{count:,} {word}" if count else f"no {word}"


def share(part: Fraction | float | None) -> str:
    """A share of a budget in percent: whole ones from ten on, `–` for an unknown one."""
    if part is None:
        return "–"
    percent = float(part) * 100
    if 0 < percent < 0.05:
        return "<0.1 %"
    return f"{percent:,.1f} %" if 0 < abs(percent) < 9.95 else f"{percent:,.0f} %"


def exact(good: Fraction | float | None) -> str:
    """A share of requests, with the digits that tell good ones from their target."""
    if good is None:
        return "–"
    percent = f"{float(good) * 100:.4f}".rstrip("0").rstrip(".")
    return f"{percent} %"


def day(text: str) -> str:
    """The date of an RFC 3339 moment."""
    return text[:10]


def at(text: str) -> str:
    """An RFC 3339 moment in UTC as people read it: `2026-07-20 14:05`."""
    return text[:16].replace("T", " ")


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def clean(text: str) -> str:
    """What others wrote, as Markdown shows it as it is, in one line that fits a table's cell."""
    line = " ".join(text.split())
    safe = re.sub(r"([\\`*\[\]<>|~])", r"\\\1", line)
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", safe)
