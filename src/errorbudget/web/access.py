"""Who is calling, and what may they do? Tokens where there are any, else loopback alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hmac import compare_digest
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fastapi import Request

from errorbudget.ingest.posted import Allowed
from errorbudget.web.failing import Forbidden

if TYPE_CHECKING:
    from errorbudget.web.server import Server


class Scope(StrEnum):
    """What a token may do; `admin` may do everything."""

    INGEST = "ingest"
    READ = "read"
    GATE = "gate"
    APPROVE = "approve"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever calls."""

    name: str
    """Also the feed that their requests come from: it vouches for being alive by sending."""
    scopes: frozenset[str]
    allowed: Allowed

    def needs(self, scope: Scope) -> None:
        """Raise Forbidden unless the caller holds a scope."""
        if scope not in self.scopes and Scope.ADMIN not in self.scopes:
            held = ", ".join(sorted(self.scopes)) or "none"
            raise Forbidden(f"this needs the scope {scope}; the token {self.name!r} has: {held}")

    def about(self, service: str | None) -> None:
        """Raise Forbidden when the caller's token is for other services."""
        services = self.allowed.services
        if services and service is not None and service not in services:
            raise Forbidden(f"the token {self.name!r} is not for service {service!r}")

    def everything(self) -> None:
        """Raise Forbidden when the caller's token is for some services only."""
        if self.allowed.services or self.allowed.environments:
            raise Forbidden(f"the token {self.name!r} is for some services only; this is about all")

    def sees(self, services: Iterable[str]) -> bool:
        """Whether something of these services may be shown."""
        return not self.allowed.services or not self.allowed.services.isdisjoint(services)


OWNER: Final = Caller(name="local", scopes=frozenset((Scope.ADMIN,)), allowed=Allowed())
_LOOPBACK: Final = frozenset(("127.0.0.1", "localhost", "::1"))


def identified(server: "Server", request: Request) -> Caller:
    """Who calls. Raises Unauthorized, Forbidden."""
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    if token and compare_digest(token.encode(), server.key.encode()):
        return OWNER
    _refuse_other_sites(request)
    return OWNER


def _refuse_other_sites(request: Request) -> None:
    """Without tokens only this machine's own programs may call: no web page it shows may."""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    origin = request.headers.get("origin")
    if host not in _LOOPBACK or (origin and urlsplit(origin).hostname not in _LOOPBACK):
        raise Forbidden("without tokens, only programs of this machine may call, by its own name")
