"""Where does the server that owns a home listen? It leaves word there, for its owner alone."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

NAME: Final = "server.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """How to reach a running server."""

    url: str
    pid: int
    key: str
    """What shows that one may read the home; another one each time the server starts."""


def leave(home: Path, address: Address) -> None:
    """Write the address down, readable by the home's owner only."""
    new = home / f"{NAME}.new"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(asdict(address), out)
    new.replace(home / NAME)


def remove(home: Path) -> None:
    """Nobody listens any more."""
    (home / NAME).unlink(missing_ok=True)


def running(home: Path) -> Address | None:
    """The address of the server that owns the home now; None where none does.

    One that was killed leaves its address behind, but cannot keep the lock.
    """
    address = _left(home / NAME)
    return address if address and _is_held(home / "lock") else None


def _left(file: Path) -> Address | None:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Address(url=str(told["url"]), pid=int(told["pid"]), key=str(told["key"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_held(lock: Path) -> bool:
    try:
        handle = lock.open("r+")
    except OSError:
        return False
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
