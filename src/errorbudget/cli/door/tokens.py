"""Who may ask a server. `wanted` has scopes, services, environments and expires_minutes."""

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """In the home itself."""

    def __init__(self, program: "Program") -> None:
        from errorbudget.program.tokens import Tokens

        self._tokens = Tokens(program.home)

    def make(self, name: str, wanted: Told) -> Told:
        """A new token, its secret for this once."""
        minutes = wanted["expires_minutes"]
        return self._tokens.make(
            name,
            wanted["scopes"],
            services=wanted["services"],
            environments=wanted["environments"],
            expires=timedelta(minutes=minutes) if minutes else None,
            now=clock.now(),
        )

    def list(self) -> list[Told]:
        """Every token, without secrets."""
        return self._tokens.list(clock.now())

    def revoke(self, which: str) -> Told:
        """Let a token open nothing any more."""
        return self._tokens.revoke(which, now=clock.now())


class OnServer:
    """On a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def make(self, name: str, wanted: Told) -> Told:
        """A new token, its secret for this once."""
        return self._wire.post("/api/v1/tokens", json={"name": name} | wanted)

    def list(self) -> list[Told]:
        """Every token, without secrets."""
        return self._wire.get("/api/v1/tokens")

    def revoke(self, which: str) -> Told:
        """Let a token open nothing any more."""
        return self._wire.delete(f"/api/v1/tokens/{quote(which, safe='')}")
