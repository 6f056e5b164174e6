"""How many requests of one objective were valid, and how many of those bad, in each minute."""

import struct
import zlib
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

DAY: Final = 1440
"""Minutes in a UTC day; a day of tallies is one stored row."""

Counts = NDArray[np.int64]

_VERSION: Final = 1
_HEAD: Final = struct.Struct("<BBB16s16s")
"""Version, bytes per valid and per bad count, and the day's totals, told before the minutes."""
_WIDTHS: Final = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tallies:
    """Counts of one series for some minutes; an absent minute was not counted, one at 0 was."""

    minute: Counts
    valid: Counts
    bad: Counts

    def __post_init__(self) -> None:
        if not self.minute.shape == self.valid.shape == self.bad.shape:
            raise ValueError("minute, valid and bad must have the same length")
        if not (np.diff(self.minute) > 0).all():
            raise ValueError("minutes must rise and be told once each")
        _check_counts(self.valid, self.bad)

    def __len__(self) -> int:
        return len(self.minute)

    @classmethod
    def of(cls, minute: object, valid: object, bad: object) -> Self:
        """Tallies from anything that NumPy can read as integers."""
        return cls(minute=_integers(minute), valid=_integers(valid), bad=_integers(bad))


def by_day(tallies: Tallies) -> dict[int, tuple[Counts, Counts]]:
    """Day number → its 1,440 valid and 1,440 bad counts, 0 where the tallies do not tell."""
    days, first = np.unique(tallies.minute // DAY, return_index=True)
    edges = [*first.tolist(), len(tallies)]
    whole: dict[int, tuple[Counts, Counts]] = {}
    for day, start, end in zip(days.tolist(), edges, edges[1:], strict=False):
        valid, bad = np.zeros(DAY, np.int64), np.zeros(DAY, np.int64)
        within = tallies.minute[start:end] - day * DAY
        valid[within], bad[within] = tallies.valid[start:end], tallies.bad[start:end]
        whole[day] = valid, bad
    return whole


def merge(day: int, held: tuple[Counts, Counts], recount: Tallies) -> tuple[Counts, Counts]:
    """One day after a recount: told minutes are replaced, so retelling changes nothing."""
    valid, bad = held[0].copy(), held[1].copy()
    start, end = np.searchsorted(recount.minute, (day * DAY, (day + 1) * DAY)).tolist()
    within = recount.minute[start:end] - day * DAY
    valid[within], bad[within] = recount.valid[start:end], recount.bad[start:end]
    return valid, bad


def pack_day(valid: Counts, bad: Counts) -> bytes:
    """A day of 1,440 counts as a stored row: versioned, compressed, exact."""
    if valid.shape != (DAY,) or bad.shape != (DAY,):
        raise ValueError(f"a day holds {DAY} minutes")
    _check_counts(valid, bad)
    widths = [_width(valid), _width(bad)]
    totals = [sum(counts.tolist()).to_bytes(16, "little") for counts in (valid, bad)]
    columns = zip((valid, bad), widths, strict=True)
    body = b"".join(counts.astype(f"<u{width}").tobytes() for counts, width in columns)
    return _HEAD.pack(_VERSION, *widths, *totals) + zlib.compress(body)


def unpack_day(packed: bytes) -> tuple[Counts, Counts]:
    """The 1,440 valid and bad counts of a stored row. Raises ValueError when it is not one."""
    _, valid_width, bad_width, _, _ = _head(packed)
    body = zlib.decompress(packed[_HEAD.size :])
    if len(body) != DAY * (valid_width + bad_width):
        raise ValueError("a stored day of tallies is truncated")
    valid = np.frombuffer(body, f"<u{valid_width}", DAY)
    bad = np.frombuffer(body, f"<u{bad_width}", DAY, offset=DAY * valid_width)
    return valid.astype(np.int64), bad.astype(np.int64)


def counts_of(packed: bytes | None) -> tuple[Counts, Counts]:
    """The counts of a stored row, zeros where there is none."""
    if packed is None:
        return np.zeros(DAY, np.int64), np.zeros(DAY, np.int64)
    return unpack_day(packed)


def day_totals(packed: bytes) -> tuple[int, int]:
    """Valid and bad of a stored day, without inflating its minutes."""
    _, _, _, valid, bad = _head(packed)
    return int.from_bytes(valid, "little"), int.from_bytes(bad, "little")


def _head(packed: bytes) -> tuple[int, int, int, bytes, bytes]:
    if len(packed) < _HEAD.size or packed[0] != _VERSION:
        raise ValueError("a stored day of tallies is of a version this program does not know")
    return _HEAD.unpack_from(packed)


def _integers(values: object) -> Counts:
    return np.asarray(values, dtype=np.int64)


def _width(counts: Counts) -> int:
    most = int(counts.max())
    return next(width for width in _WIDTHS if most < 1 << (8 * width))


def _check_counts(valid: Counts, bad: Counts) -> None:
    if (bad < 0).any() or (bad > valid).any():
        raise ValueError("bad requests are among the valid ones: 0 <= bad <= valid")
