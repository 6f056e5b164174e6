"""Did the last process stop in the middle of a write? SQLite drops the rest and does not say so.

The format of a write-ahead log: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

import struct
from pathlib import Path
from typing import Final

from errorbudget.store.database import Database

_HEAD: Final = struct.Struct(">4I8s8s")
"""Magic, version, bytes of a page, how often it was begun anew, salt, checksum."""
_FRAME: Final = struct.Struct(">2I8s8s")
"""Page, pages of the database after a commit, salt, checksum."""


class LeftLog:
    """The log that a process left which did not close its database; read before it is recovered."""

    def __init__(self, database: Path) -> None:
        try:
            self._log = database.with_name(f"{database.name}-wal").read_bytes()
        except FileNotFoundError:
            self._log = b""

    def torn_bytes(self, database: Database) -> int:
        """How much of the log was written and belongs to no transaction that counts."""
        if len(self._log) < _HEAD.size:
            return len(self._log)
        size = _FRAME.size + _HEAD.unpack_from(self._log)[2]
        return max(self._written(size) - size * database.recovered_frames(), 0)

    def _written(self, size: int) -> int:
        """Bytes of frames since the log was begun anew; what was there before has another salt."""
        salt, end = _HEAD.unpack_from(self._log)[4], _HEAD.size
        while end < len(self._log):
            head = self._log[end : end + _FRAME.size]
            whole = len(head) == _FRAME.size
            if whole and _FRAME.unpack(head)[2] != salt:
                break
            end += size
        return min(end, len(self._log)) - _HEAD.size
