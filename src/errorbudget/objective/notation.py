"""How are shares, spans, moments and names written in a document? Each has one form.

Every function takes what stands in the document and raises ValueError saying what to write instead.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

_PERCENT: Final = re.compile(r"(-?)([0-9]{1,6}(?:\.[0-9]{1,9})?)%")
_DURATION: Final = re.compile(r"([1-9][0-9]{0,5})([mhd])")
_MINUTES: Final = {"m": 1, "h": 60, "d": 1440}
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}"
    r"(:[0-9]{2}(\.[0-9]+)?)?(Z|z|[+-][0-9]{2}:[0-9]{2})"
)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_SPAN: Final = 1830 * 1440


@dataclass(frozen=True, slots=True)
class Target:
    """The share of valid requests that is promised to be good, exact and between 0 and 1."""

    target: Fraction

    @property
    def allowance(self) -> Fraction:
        """The share that may be bad."""
        return 1 - self.target

    def __str__(self) -> str:
        return as_percent(self.target)


def target(value: object) -> Target:
    """`99.9%`: more than 0 %, less than 100 %."""
    share = percent(value, example="99.9%")
    if share == 1:
        raise ValueError("promises 100%, which leaves no budget at all; write less, as 99.9%")
    if not 0 < share < 1:
        raise ValueError(f"is {as_percent(share)}; write more than 0% and less than 100%, as 99.9%")
    return Target(share)


def percent(value: object, *, example: str = "50%") -> Fraction:
    """`50%` as an exact share."""
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"is {shown(value)}, not a percentage; write it as {example}")
    share = Fraction(match[2]) / 100
    return -share if match[1] else share


def as_percent(share: Fraction) -> str:
    """A share as the document writes it: 999/1000 is `99.9%`."""
    hundredfold = Decimal(share.numerator * 100) / Decimal(share.denominator)
    plain = f"{hundredfold:f}"
    return f"{plain.rstrip('0').rstrip('.') if '.' in plain else plain}%"


def minutes(value: object) -> int:
    """`10m`, `24h`, `28d` in minutes."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"is {shown(value)}, not a duration; write it as 10m, 24h or 28d")
    span = int(match[1]) * _MINUTES[match[2]]
    if span > _LONGEST_SPAN:
        raise ValueError(f"is {value}, more than five years; write at most 1830d")
    return span


def span(minutes: int) -> str:
    """`5m`, `24h`, `3d`: so many minutes, as people write them in documents."""
    for length, unit in ((1440, "d"), (60, "h")):
        if minutes % length == 0 and minutes > length * (unit == "d"):
            return f"{minutes // length}{unit}"
    return f"{minutes}m"


def moment(value: object) -> datetime:
    """`2026-11-29T01:00:00Z`, in UTC."""
    if not (isinstance(value, str) and _MOMENT.fullmatch(value)):
        raise ValueError(
            f"is {shown(value)}, not a moment with its zone; write it as 2026-11-29T01:00:00Z"
        )
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"is {value}, which no calendar has") from None


def whole_minute(value: object) -> datetime:
    """A moment on the minute, because requests are counted by the minute."""
    at = moment(value)
    if at.second or at.microsecond:
        raise ValueError(f"is {value}, within a minute; write a whole one, as 2026-11-29T01:00:00Z")
    return at


def day(value: object) -> date:
    """`2027-03-31`."""
    if not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError(f"is {shown(value)}, not a day; write it as 2027-03-31")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"is {value}, which no calendar has") from None


def rate(value: object) -> Fraction:
    """A burn rate: `10`, `14.4`."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 < value <= 10**6:
        raise ValueError(f"is {shown(value)}, not a rate; write a number above 0, as 10 or 14.4")
    return Fraction(value)


def how_often(value: object, *, at_most: int) -> Fraction:
    """How often something may happen: `0.05` is once in twenty times the span it is counted in."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 < value <= at_most:
        what = f"is {shown(value)}; write a number above 0 and at most {at_most}, as 0.05"
        raise ValueError(what)
    return Fraction(value)


def name(value: str) -> str:
    """A name of something outside this document: one line, not blank."""
    if not value.strip() or value != value.strip() or not value.isprintable() or len(value) > 200:
        raise ValueError(f"is {shown(value)}; write a name of 1 to 200 characters on one line")
    return value


def identifier(value: str) -> str:
    """A name that this document makes: letters, digits, `-` and `_`."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,62}", value):
        raise ValueError(f"is {shown(value)}; write a letter, then letters, digits, - or _")
    return value


def address(value: str) -> str:
    """A web address."""
    parts = urlsplit(value) if value.isprintable() and " " not in value else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"is {shown(value)}; write a web address, as https://runbooks.example/pay")
    return value


def folder(value: str) -> str:
    """A folder inside the repository."""
    if not value.isprintable() or not value or value[0] in "/~" or ".." in value.split("/"):
        raise ValueError(
            f"is {shown(value)}; write a folder in the repository, as docs/postmortems"
        )
    return value


def timezone(value: str) -> str:
    """A zone of the IANA database, the same on every machine."""
    known = value not in ("localtime", "posixrules", "Factory", "")
    try:
        known = known and not value.startswith(("posix/", "right/")) and bool(ZoneInfo(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = False
    if not known:
        near = nearest(value, available_timezones()) or "Europe/Berlin"
        raise ValueError(f"is {shown(value)}, not a time zone; write one as {near}")
    return value


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be."""
    folded = {candidate.lower(): candidate for candidate in sorted(known)}
    found = get_close_matches(word.lower(), folded, n=1)
    return folded[found[0]] if found else None


def shown(value: object) -> str:
    """What stands in the document, short and on one line."""
    match value:
        case dict():
            return "a mapping"
        case tuple():
            return "a list"
        case bool():
            return str(value).lower()
        case str():
            text = value if len(value) <= 60 else f"{value[:59]}…"
            return f'"{text}"'
        case _:
            return str(value)[:60]


def digits(value: float, significant: int = 3) -> str:
    """A number as people write it, in thousands and without an exponent: `14.4`, `1,440`."""
    return format(Decimal(f"{value:.{significant}g}"), ",f")
