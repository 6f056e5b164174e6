"""Tokens: made, shown and revoked, each an entry of the trail; the secret is in none."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.store.home import Home
from errorbudget.store.tokens import Token, parts


class Scope(StrEnum):
    """What a token may do; `admin` may do everything."""

    INGEST = "ingest"
    READ = "read"
    GATE = "gate"
    APPROVE = "approve"
    ADMIN = "admin"


class Tokens:
    """Which programs may call the server. Kept in memory: every call asks."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._known = {token.id: token for token in home.tokens.all()}

    def make(
        self,
        name: str,
        scopes: Iterable[str],
        *,
        services: Iterable[str] = (),
        environments: Iterable[str] = (),
        expires: timedelta | None = None,
        now: datetime,
    ) -> dict[str, Any]:
        """A new token; its text is in the answer, and nowhere else. Raises Failure."""
        wanted = _scopes(scopes)
        if not name.strip() or not name.isprintable():
            raise Failure(f"{name!r} is empty or holds control characters; write plain text")
        if any(one.name == name and one.is_valid(now) for one in self._known.values()):
            raise Failure(f"{name}: a token of this name is valid; revoke it, or use another name")
        made, text = self._home.tokens.make(
            name,
            wanted,
            services=services,
            environments=environments,
            expires_at=now + expires if expires else None,
            now=now,
        )
        self._home.trail.append("token", told(made, now) | {"done": "made"}, now)
        self._known[made.id] = made
        return told(made, now) | {"token": text}

    def revoke(self, which: str, *, now: datetime) -> dict[str, Any]:
        """Let a token, by id or name, open nothing any more. Raises Failure."""
        for token in self._known.values():
            if which in (token.id, token.name) and token.revoked_at is None:
                break
        else:
            raise Failure(f"{which}: no token of this id or name is valid")
        self._home.tokens.revoke(token.id, now)
        self._known = {one.id: one for one in self._home.tokens.all()}
        body = told(self._known[token.id], now)
        self._home.trail.append("token", body | {"done": "revoked"}, now)
        return body

    def list(self, now: datetime) -> list[dict[str, Any]]:
        """Every token, those revoked too; no secrets."""
        return [told(token, now) for token in self._known.values()]

    def are_any(self, now: datetime) -> bool:
        """Whether some token is valid."""
        return any(token.is_valid(now) for token in self._known.values())

    def were_any(self) -> bool:
        """Whether a token was ever made, be it expired or revoked since."""
        return bool(self._known)

    def found(self, text: str, now: datetime) -> Token | None:
        """The valid token of this text."""
        id_, secret = parts(text)
        token = self._known.get(id_)
        fits = token is not None and token.fits(secret) and token.is_valid(now)
        return token if fits else None

    def of_id(self, id_: str, now: datetime) -> Token | None:
        """The valid token of this id."""
        token = self._known.get(id_)
        return token if token is not None and token.is_valid(now) else None


def told(token: Token, now: datetime) -> dict[str, Any]:
    """A token as JSON has it, without its secret."""
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "services": sorted(token.services),
        "environments": sorted(token.environments),
        "created": clock.text(token.created_at),
        "expires": clock.text(token.expires_at) if token.expires_at else None,
        "revoked": clock.text(token.revoked_at) if token.revoked_at else None,
        "valid": token.is_valid(now),
    }


def _scopes(scopes: Iterable[str]) -> frozenset[Scope]:
    try:
        wanted = frozenset(Scope(scope) for scope in scopes)
    except ValueError as cause:
        raise Failure(f"{cause}; scopes are {', '.join(Scope)}") from cause
    if not wanted:
        raise Failure(f"say what the token may do: {', '.join(Scope)}")
    return wanted
