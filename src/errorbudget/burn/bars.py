"""How has it gone lately? The share of bad requests over time, small enough for one line."""

from dataclasses import dataclass
from typing import Final

from errorbudget.burn.rate import Ints
from errorbudget.ledger.window import moment, short

STRETCHES: Final = 40
"""Stretches of time that are told apart at most."""
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_NOTHING: Final = "·"
"""Where no valid request came: not the same as none bad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Valid and bad requests of stretches of equal length, one after the other."""

    start: int
    """The minute that the first stretch begins with."""
    step: int
    """Minutes of each stretch."""
    valid: tuple[int, ...]
    bad: tuple[int, ...]

    @classmethod
    def of(cls, start: int, valid: Ints, bad: Ints) -> "Bars":
        """The bars of counts by minute; those at the front that fill no stretch are left out."""
        step = max(1, -(-valid.size // STRETCHES))
        first = valid.size % step
        stretches = [counts[first:].reshape(-1, step).sum(axis=1) for counts in (valid, bad)]
        return cls(
            start=start + first,
            step=step,
            valid=tuple(stretches[0].tolist()),
            bad=tuple(stretches[1].tolist()),
        )

    @property
    def shares(self) -> tuple[float | None, ...]:
        """The share of bad requests of each stretch; None where no valid request came."""
        pairs = zip(self.valid, self.bad, strict=True)
        return tuple(bad / valid if valid else None for valid, bad in pairs)

    @property
    def most(self) -> float:
        """The largest share."""
        return max((share for share in self.shares if share is not None), default=0.0)

    def line(self) -> str:
        """`▁▁▁▂▇█ 12:00–13:08 UTC, bad requests, up to 42%`."""
        start, until = moment(self.start), moment(self.start + self.step * len(self.valid))
        drawn = "".join(_block(share, self.most) for share in self.shares)
        within = f"{short(start, until)}–{until:%H:%M} UTC"
        if start.date() != until.date():
            within = f"{start:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"
        none = f"; {_NOTHING} no request" if _NOTHING in drawn else ""
        return f"{drawn} {within}, share of bad requests, up to {self.most:.2%}{none}"


def _block(share: float | None, most: float) -> str:
    if share is None:
        return _NOTHING
    return _BLOCKS[round(share / most * (len(_BLOCKS) - 1)) if most else 0]
