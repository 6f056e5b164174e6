"""Pipelines known by who runs them: tokens that GitHub or GitLab signed, checked with its keys."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import jwt

from errorbudget.errors import Failure, Kind
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.configuration import Identifying, is_secure
from errorbudget.web.failing import Unauthorized

ALGORITHMS: Final = ("RS256", "ES256")
LEEWAY: Final = 30
"""Seconds that clocks may differ."""
FRESH: Final = 3600.0
"""Seconds after which keys are fetched again."""
FETCHES: Final = 5
"""Fetches a minute at most: a token may name any key, and must not make us ask for ever."""
_PATIENCE: Final = 5.0
_LARGEST: Final = 2**20
_REQUIRED: Final = ("exp", "iat", "iss", "aud", "sub")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Who asks, as its platform says."""

    name: str
    people: tuple[str, ...]
    """Whoever started it: they may not approve what it asks for."""
    services: frozenset[str]
    """What the documents in force let it ask about."""


class IssuerAway(Failure):
    """The keys of an issuer cannot be had; asking again later may help."""

    kind = Kind.BUSY


class Issuers:
    """Whose tokens are taken, and for which services."""

    def __init__(
        self, identifying: Identifying | None, documents: Callable[[], Iterable[ObjectiveDocument]]
    ) -> None:
        self._audience = identifying.audience if identifying else ""
        addresses = identifying.issuers if identifying else {}
        self._platforms = {address: platform for platform, address in addresses.items()}
        self._keys = {address: Keys(address) for address in self._platforms}
        self._documents = documents

    def found(self, text: str) -> Pipeline | None:
        """Whose token it is; None where it is no such token. Raises Unauthorized, IssuerAway."""
        if text.count(".") != 2:
            return None
        issuer, header = _unverified(text)
        if issuer not in self._platforms:
            raise Unauthorized(f"the token's issuer {issuer!r} is none that is taken here")
        if header.get("alg") not in ALGORITHMS:
            raise Unauthorized(f"the token is signed by {header.get('alg')!r}, which is not taken")
        key = self._keys[issuer].of(str(header.get("kid") or ""))
        claims = self._verified(text, key, issuer)
        return self._pipeline(self._platforms[issuer], claims)

    def _verified(self, text: str, key: jwt.PyJWK, issuer: str) -> dict[str, Any]:
        try:
            return jwt.decode(
                text,
                key,
                algorithms=[*ALGORITHMS],
                audience=self._audience,
                issuer=issuer,
                leeway=LEEWAY,
                options={"require": [*_REQUIRED], "strict_aud": True},
            )
        except jwt.ExpiredSignatureError as cause:
            raise Unauthorized("the token has expired; ask for a new one in the job") from cause
        except jwt.InvalidAudienceError as cause:
            why = f"the token is not for the audience {self._audience!r}"
            raise Unauthorized(why, "Ask for one with this audience in the job.") from cause
        except jwt.InvalidTokenError as cause:
            raise Unauthorized(f"the token does not verify: {cause}") from cause

    def _pipeline(self, platform: str, claims: Mapping[str, Any]) -> Pipeline:
        services, reasons = set[str](), list[str]()
        for document in self._documents():
            why = document.identity.refuses(platform, claims)
            if why is None:
                services |= {document.name, *document.services}
            else:
                reasons += [f"{document.name}: {one}" for one in why]
        if not services:
            told = "; ".join(dict.fromkeys(reasons)) or "no document names a pipeline"
            raise Unauthorized(
                f"no document lets this pipeline ask: {told}",
                "Name it in the section `identity` of the service's objective document.",
            )
        return Pipeline(
            name=f"{platform}:{plain(claims.get('sub'))}",
            people=tuple(plain(claims[one]) for one in _PEOPLE[platform] if claims.get(one)),
            services=frozenset(services),
        )


_PEOPLE: Final = {"github": ("actor",), "gitlab": ("user_email", "user_login")}


def plain(text: object) -> str:
    """What others wrote, short and without control characters."""
    told = str(text)[:200]
    return told if told.isprintable() else repr(told)


def _unverified(text: str) -> tuple[str, dict[str, Any]]:
    """Whose token it says it is: only to know whose keys to check it with."""
    try:
        claims = jwt.decode(text, options={"verify_signature": False})
        return str(claims.get("iss")), jwt.get_unverified_header(text)
    except (jwt.InvalidTokenError, RecursionError) as cause:
        raise Unauthorized("the token is not known, and is no token of a pipeline") from cause


class Keys:
    """The public keys of one issuer, fetched from it and kept; `elsewhere` if it says so."""

    def __init__(self, issuer: str, *, elsewhere: bool = False) -> None:
        self._issuer = issuer
        self._elsewhere = elsewhere
        self._kept = dict[str, jwt.PyJWK]()
        self._fetched = list[float]()
        self._turn = threading.Lock()

    def of(self, kid: str) -> jwt.PyJWK:
        """The key of this id; fetched where it is new. Raises Unauthorized, IssuerAway.

        An issuer with a single key need not name it (OpenID Connect Core, 10.1).
        """
        with self._turn:
            stale = not self._fetched or time.monotonic() - self._fetched[-1] > FRESH
            if (stale or kid not in self._kept) and self._may_fetch():
                self._renew()
            if kid in self._kept:
                return self._kept[kid]
            if not kid and len(self._kept) == 1:
                return next(iter(self._kept.values()))
        raise Unauthorized(f"{self._issuer} has no key {kid[:100]!r}")

    def _may_fetch(self) -> bool:
        now = time.monotonic()
        self._fetched = [*(at for at in self._fetched[-FETCHES:] if now - at < FRESH)]
        return sum(now - at < 60 for at in self._fetched) < FETCHES

    def _renew(self) -> None:
        """Keys that are known keep counting while their issuer cannot be reached."""
        self._fetched.append(time.monotonic())
        try:
            self._kept = self._read()
        except (httpx2.HTTPError, ValueError, KeyError, TypeError, jwt.PyJWTError) as cause:
            if not self._kept:
                raise IssuerAway(f"the keys of {self._issuer} cannot be had: {cause}") from cause

    def _read(self) -> dict[str, jwt.PyJWK]:
        with httpx2.Client(timeout=_PATIENCE, follow_redirects=False) as client:
            address = str(described(client, self._issuer)["jwks_uri"])
            near = urlsplit(address)[:2] == urlsplit(self._issuer)[:2]
            if not (near or (self._elsewhere and is_secure(address))):
                raise ValueError(f"its keys are elsewhere, at {address!r}")
            told = _object(client, address)
        keys = jwt.PyJWKSet.from_dict(told)
        signing = (key for key in keys.keys if key.public_key_use in (None, "sig"))
        return {key.key_id or "": key for key in signing}


def described(client: httpx2.Client, issuer: str) -> dict[str, Any]:
    """What an issuer says of itself. Raises httpx2.HTTPError, ValueError, KeyError."""
    about = _object(client, f"{issuer.removesuffix('/')}/.well-known/openid-configuration")
    if about["issuer"] != issuer:
        raise ValueError(f"it calls itself {about['issuer']!r}")
    return about


def _object(client: httpx2.Client, address: str) -> dict[str, Any]:
    with client.stream("GET", address) as answer:
        answer.raise_for_status()
        return object_in(answer, address)


def object_in(answer: httpx2.Response, address: str) -> dict[str, Any]:
    """The JSON object that is being answered. Raises httpx2.HTTPError, ValueError."""
    body = b""
    for part in answer.iter_bytes():
        body += part
        if len(body) > _LARGEST:
            raise ValueError(f"{address} answers more than a mebibyte")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError(f"{address} answers no JSON object")
    return found
