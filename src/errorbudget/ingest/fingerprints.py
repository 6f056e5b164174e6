"""Has this batch been acknowledged lately? Remembers the last ones, across restarts too."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

REMEMBERED: Final = 131_072
"""Batches: at 100 a second, longer than senders keep trying."""
_SIZE: Final = 16


def fingerprint(*parts: bytes) -> str:
    """What tells a batch from every other, in hex."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[: 2 * _SIZE]


class Fingerprints:
    """The batches acknowledged last: in memory, and on disk once their rows have been loaded."""

    def __init__(self, path: Path, remembered: int = REMEMBERED) -> None:
        self._path = path
        self._remembered = remembered
        self._known: dict[str, None] = {}
        self._lines = 0
        self._read()

    def __contains__(self, known: str) -> bool:
        return known in self._known

    def add(self, new: Iterable[str]) -> None:
        """Remember batches until newer ones take their place."""
        self._known.update((each, None) for each in new if each)
        while len(self._known) > self._remembered:
            del self._known[next(iter(self._known))]

    def forget(self, refused: Iterable[str]) -> None:
        """Batches that did not reach the disk: when they come again they are new."""
        for each in refused:
            self._known.pop(each, None)

    def keep(self, loaded: Iterable[str]) -> None:
        """Write down batches whose rows leave the journal."""
        # The line end comes first, so that a line that a kill cut short does not spoil the next.
        lines = [f"\n{each}" for each in loaded if each]
        if self._lines + len(lines) > 2 * self._remembered:
            self._rewrite()
        self._append(self._path, lines)
        self._lines += len(lines)

    def _rewrite(self) -> None:
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        self._append(new, [f"\n{each}" for each in list(self._known)])
        os.replace(new, self._path)  # noqa: PTH105 -- atomic on purpose
        self._lines = len(self._known)

    def _append(self, path: Path, lines: list[str]) -> None:
        with path.open("a", encoding="ascii") as out:
            out.writelines(lines)
            out.flush()
            os.fsync(out.fileno())

    def _read(self) -> None:
        if not self._path.exists():
            return
        lines = self._path.read_text(encoding="ascii", errors="replace").split()
        self._lines = len(lines)
        self.add(line for line in lines if len(line) == 2 * _SIZE)
