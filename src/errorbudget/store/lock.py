"""Who holds the home? One process at a time, and the next one is told whom to wait for."""

import fcntl
import json
import os
import shlex
import sys
import time
from pathlib import Path
from typing import IO, Final

from errorbudget.errors import HomeBusy

PAUSE: Final = 0.02
"""Seconds between two tries; the kernel has no lock with a time limit."""


def hold(file: Path, *, wait: float) -> IO[str]:
    """Lock `file`, trying for `wait` seconds; closing it lets go. Raises HomeBusy."""
    handle = os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
    deadline = time.monotonic() + wait
    while not _locked(handle):
        if time.monotonic() >= deadline:
            holder = _holder(handle)
            handle.close()
            raise HomeBusy(
                f"{file.parent}: held by {holder}; waited {wait:g} s",
                "Try again when it has ended; a server lets others in through ERRORBUDGET_URL.",
            )
        time.sleep(PAUSE)
    _sign(handle)
    return handle


def _locked(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(handle: IO[str]) -> None:
    """Leave word of who holds the lock, for the message that others see."""
    handle.truncate(0)
    json.dump({"pid": os.getpid(), "command": shlex.join(sys.argv)[:200]}, handle)
    handle.flush()


def _holder(handle: IO[str]) -> str:
    try:
        note = json.load(handle)
        return f"process {note['pid']} ({note['command']})"
    except (ValueError, KeyError, TypeError):
        return "another process"
