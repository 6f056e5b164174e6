"""What did a forge tell us, and what of it is not done yet? A file each, so that nothing is lost.

One that is done stays for as long as it may be delivered again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from errorbudget import clock
from errorbudget.store.files import put_json, read_json

KEPT: Final = timedelta(days=31)
"""GitHub lets a deployment wait for 30 days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook."""

    id: str
    """As its sender numbers it: letters, digits and dashes."""
    event: str
    payload: Mapping[str, Any]
    at: datetime
    told: str = ""
    """What was answered last, while that may still change."""
    reports: int = 0
    done: str = ""
    """What came of it; empty until then."""


class Deliveries:
    """Deliveries in a folder of the home."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, new: Delivery) -> bool:
        """Keep one, on disk when this returns; False for one that was delivered before."""
        if self._file(new.id).exists():
            return False
        self.keep(new)
        return True

    def keep(self, one: Delivery) -> None:
        """Put what is known of one in place of what was."""
        put_json(self._file(one.id), asdict(one) | {"at": clock.text(one.at)})

    def open(self) -> Iterator[Delivery]:
        """Those that are not done, oldest first."""
        files = self._folder.glob("*.json")
        for file in sorted(files, key=lambda file: file.stat().st_mtime):
            told = read_json(file)
            at = clock.parse(told.pop("at"))
            if not told["done"]:
                yield Delivery(**told, at=at)

    def knows(self, id_: str) -> bool:
        """Whether this was delivered."""
        return self._file(id_).exists()

    def forget(self, now: datetime) -> None:
        """Drop what is so old that nobody delivers it again."""
        for file in self._folder.glob("*.json"):
            if clock.parse(read_json(file)["at"]) < now - KEPT:
                file.unlink(missing_ok=True)

    def _file(self, id_: str) -> Path:
        return self._folder / f"{id_}.json"
