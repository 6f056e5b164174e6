"""How do an assistant's calls come to a door? Each by its own, as commands do; closed after it."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from errorbudget.cli.asking import askers
from errorbudget.cli.door.door import Door, entered, over
from errorbudget.cli.options import home_path
from errorbudget.errors import Failure
from errorbudget.store.address import running


class AtHand:
    """For an assistant on this machine that started us: it may what its user's commands may.

    But a record it leaves only by a token, on a server, which knows what the token is good for.
    """

    def __init__(self) -> None:
        self._turns: Final = Lock()
        """A home lets one in at a time."""

    @contextmanager
    def enter(self, token: str) -> Generator[Door]:
        """The server or the home, as commands find it."""
        del token
        with self._turns, entered() as door:
            yield door

    def pages(self) -> str:
        """The address of the server, where there is one."""
        return _server()

    def records(self, token: str) -> bool:
        """Whether there are a token and a server that may honour it."""
        del token
        return bool(os.environ.get("ERRORBUDGET_TOKEN") and _server())

    def askers(self) -> tuple[str, ...]:
        """Whoever is at the keyboard."""
        return askers()

    def repository(self) -> Path | None:
        """The folder that the assistant works in."""
        return Path.cwd()


class Forwarded:
    """For assistants that call over HTTP: each comes to the server with its own token, or none.

    What a token may do is the server's to say; ours is lent to nobody. Without a server there is
    the home, for this machine's programs, unless it has tokens: those only a server checks.
    """

    def __init__(self) -> None:
        self._turns: Final = Lock()

    @contextmanager
    def enter(self, token: str) -> Generator[Door]:
        """The server as the caller, or the home where nobody guards it."""
        if url := _server():
            with over(url, token) as door:
                yield door
        else:
            with self._turns, _unguarded() as door:
                yield door

    def pages(self) -> str:
        """The address of the server, where there is one."""
        return _server()

    def records(self, token: str) -> bool:
        """Whether the caller brought a token to a server that may honour it."""
        return bool(token and _server())

    def askers(self) -> tuple[str, ...]:
        """The server knows its callers."""
        return ()

    def repository(self) -> Path | None:
        """The callers' is elsewhere."""
        return None


def _server() -> str:
    """The server that commands would ask; empty where it is the home."""
    if named := os.environ.get("ERRORBUDGET_URL"):
        return named
    address = running(home_path())
    return address.url if address else ""


@contextmanager
def _unguarded() -> Generator[Door]:
    from errorbudget.program.program import Program
    from errorbudget.program.tokens import Tokens

    with Program.open(home_path()) as program:
        if Tokens(program.home).were_any():
            raise Failure(
                "this home has tokens, and only a server checks them",
                "Start `errorbudget serve`; calls over HTTP then go to it with their own token.",
            )
        yield Door(program)
