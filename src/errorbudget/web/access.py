"""Who is calling, and what may they do? Tokens where there are any, else loopback alone."""

from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fastapi import Request

from errorbudget import clock
from errorbudget.ingest.allowed import Allowed
from errorbudget.program.tokens import Scope
from errorbudget.store.tokens import Token
from errorbudget.web import session
from errorbudget.web.failing import Forbidden, Unauthorized

if TYPE_CHECKING:
    from errorbudget.web.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever calls."""

    name: str
    """Also the feed that their requests come from: it vouches for being alive by sending."""
    scopes: frozenset[str]
    allowed: Allowed
    people: tuple[str, ...] = ()
    """Whoever is behind a program that calls, as its platform says."""

    def needs(self, scope: Scope) -> None:
        """Raise Forbidden unless the caller holds a scope."""
        if not self.holds(scope):
            held = ", ".join(sorted(self.scopes)) or "none"
            raise Forbidden(f"this needs the scope {scope}; the token {self.name!r} has: {held}")

    def holds(self, scope: Scope) -> bool:
        """Whether the caller holds a scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def about(self, service: str | None) -> None:
        """Raise Forbidden when the caller's token is for other services."""
        services = self.allowed.services
        if services and service is not None and service not in services:
            raise Forbidden(f"the token {self.name!r} is not for service {service!r}")

    def within(self, environment: str) -> None:
        """Raise Forbidden when the caller's token is for other environments."""
        environments = self.allowed.environments
        if environments and environment not in environments:
            raise Forbidden(f"the token {self.name!r} is not for environment {environment!r}")

    def everything(self) -> None:
        """Raise Forbidden when the caller's token is for some services only."""
        if self.allowed.services or self.allowed.environments:
            raise Forbidden(f"the token {self.name!r} is for some services only; this is about all")

    def sees(self, services: Iterable[str], environment: str = "") -> bool:
        """Whether something of these services, in this environment, may be shown."""
        bound = self.allowed
        if bound.environments and environment and environment not in bound.environments:
            return False
        return not bound.services or not bound.services.isdisjoint(services)


OWNER: Final = Caller(name="local", scopes=frozenset((Scope.ADMIN,)), allowed=Allowed())
_LOOPBACK: Final = frozenset(("127.0.0.1", "localhost", "::1"))


_READING: Final = frozenset(("GET", "HEAD"))


def identified(server: "Server", request: Request, *, from_form: bool = False) -> Caller:
    """Who calls. A session's cookie alone lets read; a form of our own page shows it is meant.

    Raises Unauthorized, Forbidden.
    """
    caller = _identified(server, request, by_session=from_form or request.method in _READING)
    request.state.caller = caller
    return caller


def _identified(server: "Server", request: Request, *, by_session: bool) -> Caller:
    if text := _given(request.headers.get("authorization", "")):
        return _known(server, text)
    if by_session and (caller := _signed_in(server, request)):
        return caller
    if server.needs_tokens:
        raise Unauthorized(
            "this needs a token: send `Authorization: Bearer …`",
            "`errorbudget token create NAME --scope …` makes one; commands read ERRORBUDGET_TOKEN.",
        )
    _refuse_other_sites(request)
    return OWNER


def _given(header: str) -> str:
    """The token of a header: as Bearer, or as the password of an address that has one."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() == "bearer":
        return text.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(text, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _known(server: "Server", text: str) -> Caller:
    if compare_digest(text.encode(), server.key.encode()):
        return OWNER
    if pipeline := server.issuers.found(text):
        return Caller(
            name=pipeline.name,
            scopes=frozenset((Scope.GATE,)),
            allowed=Allowed(services=pipeline.services),
            people=pipeline.people,
        )
    token = server.tokens.found(text, clock.now())
    if token is None:
        raise Unauthorized("the token is not known, has expired or was revoked")
    return _of(token)


def _signed_in(server: "Server", request: Request) -> Caller | None:
    """Whose session a browser's cookie belongs to."""
    cookie = request.cookies.get(session.COOKIE, "")
    sign_in = server.configuration.sign_in
    if cookie and sign_in and (person := session.person_of(server.key, cookie, clock.now())):
        return Caller(name=person, scopes=frozenset(sign_in.scopes), allowed=Allowed())
    id_ = session.token_of(server.key, cookie, clock.now()) if cookie else None
    token = server.tokens.of_id(id_, clock.now()) if id_ else None
    return _of(token) if token else None


def _of(token: Token) -> Caller:
    return Caller(
        name=token.name,
        scopes=token.scopes,
        allowed=Allowed(services=token.services, environments=token.environments),
    )


def _refuse_other_sites(request: Request) -> None:
    """Without tokens only this machine's own programs may call: no web page it shows may."""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    origin = request.headers.get("origin")
    if host not in _LOOPBACK or (origin and urlsplit(origin).hostname not in _LOOPBACK):
        raise Forbidden("without tokens, only programs of this machine may call, by its own name")
