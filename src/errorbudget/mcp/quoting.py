"""Text that others wrote, on its way to an assistant: marked, bounded, and on its best behaviour.

Tenants, routes, log lines, file names and reasons are written by whoever sends a request or opens a
change. What an assistant reads of them stands between the marks ⟦ and ⟧, which they cannot contain.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

OPEN: Final = "⟦"
CLOSE: Final = "⟧"
LINE: Final = 600
"""Signs of one quoted line."""
PASSAGE: Final = 40_000
"""Signs of a quoted document or draft."""
ITEMS: Final = 100
"""Entries of one list in a full answer."""

_MARKS: Final = str.maketrans({OPEN: "[", CLOSE: "]"})
_SELECTORS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Invisible, and able to carry text that only a machine reads."""
_WORD: Final = re.compile(r"[\w.:+%/-]{1,64}", re.ASCII)
_OURS: Final = frozenset(
    (
        *("service", "services", "objective", "target", "horizon", "heading", "kind"),
        *("state", "alert", "decision", "reason_code", "class", "meaningful", "level", "shown"),
        *("permits_now", "at", "since", "until", "from", "to", "start", "end", "dates", "onset"),
        *("as_of", "exhausts_at", "earliest", "latest", "date", "digest", "policy", "leaf"),
    )
)
"""Fields that hold words of our own, moments, and names out of a document in force."""


def line(text: object, most: int = LINE) -> str:
    """Somebody's text on one line, between the marks."""
    return f"{OPEN}{_bounded(' '.join(_shown(str(text)).split()), most)}{CLOSE}"


def passage(text: str, most: int = PASSAGE) -> str:
    """Somebody's text with its lines, between the marks."""
    lines = "\n".join(_shown(one) for one in text.splitlines())
    return f"{OPEN}\n{_bounded(lines, most)}\n{CLOSE}"


def data(value: Any, field: str = "") -> Any:
    """A JSON value with every text in it quoted, but for words of our own; long lists are cut."""
    if isinstance(value, Mapping):
        return {_key(str(name)): data(one, str(name)) for name, one in value.items()}
    if isinstance(value, str):
        return value if field in _OURS and _WORD.fullmatch(value) else line(value)
    if isinstance(value, Sequence):
        kept = [data(one, field) for one in value[:ITEMS]]
        more = len(value) - len(kept)
        return [*kept, f"… and {more:,} more"] if more else kept
    return value


def _key(name: str) -> str:
    return name if _WORD.fullmatch(name) else line(name, 80)


def _shown(text: str) -> str:
    """Without anything that does not print, nor what would look like a mark."""
    plain = _SELECTORS.sub("", text).translate(_MARKS)
    return "".join(sign if sign.isprintable() else " " for sign in plain)


def _bounded(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} signs)"
