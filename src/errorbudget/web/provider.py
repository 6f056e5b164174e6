"""An OpenID provider that people sign in at: where it is asked, and what its word must hold.

Authorization code flow with PKCE: OpenID Connect Core 1.0 (3.1), RFC 7636, RFC 9207.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from threading import BoundedSemaphore
from time import monotonic
from typing import Any, Final, Self
from urllib.parse import quote, urlencode, urlsplit

import httpx2
import jwt

from errorbudget.notify.targets import reveal
from errorbudget.program.configuration import SigningIn, is_secure
from errorbudget.web.failing import Forbidden, Unauthorized
from errorbudget.web.issuers import (
    ALGORITHMS,
    FRESH,
    LEEWAY,
    IssuerAway,
    Keys,
    described,
    object_in,
    plain,
)

CALLBACK: Final = "/signin/callback"
AT_ONCE: Final = 8
"""Calls to the provider: strangers may begin to sign in, and must not keep every thread waiting."""
_PATIENCE: Final = 5.0
_LONGEST: Final = 200
_REQUIRED: Final = ("exp", "iat", "iss", "aud", "sub", "nonce")
_AGAIN: Final = "Begin again at the sign-in page."


@dataclass(frozen=True, slots=True)
class Attempt:
    """What ties a provider's answer to the browser that asked for it; each made for this once."""

    state: str
    nonce: str
    verifier: str
    """Of PKCE: shows that whoever brings the code is who asked for it."""


class Provider:
    """The provider, and what this server is to it."""

    def __init__(self, given: SigningIn, secret: str) -> None:
        self.name = urlsplit(given.issuer).netloc
        self._given = given
        self._secret = secret
        self._keys = Keys(given.issuer, elsewhere=True)
        self._admits = [_pattern(one) for one in given.admits]
        self._about: tuple[float, dict[str, Any]] | None = None
        self._turns = BoundedSemaphore(AT_ONCE)

    @classmethod
    def of(cls, given: SigningIn) -> Self:
        """The provider of a configuration. Raises Failure where its secret cannot be read."""
        return cls(given, reveal(given.secret, Path.cwd()))

    def leads(self, attempt: Attempt) -> str:
        """The provider's address at which a person signs in. Raises IssuerAway."""
        with self._asking() as client:
            address = self._endpoint(client, "authorization_endpoint")
        asked = {
            "response_type": "code",
            "client_id": self._given.client,
            "redirect_uri": self._given.address + CALLBACK,
            "scope": "openid email" if self._given.person == "email" else "openid email profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": _challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    def person(self, code: str, attempt: Attempt) -> str:
        """Who signed in, as the provider says for a code.

        Raises Unauthorized, Forbidden, IssuerAway. The provider takes a code once.
        """
        return self._named(self._verified(self._exchanged(code, attempt.verifier), attempt.nonce))

    def vouches(self, issuer: str | None) -> None:
        """Raise Unauthorized where an answer says that it is another provider's."""
        if issuer is not None and issuer != self._given.issuer:
            raise Unauthorized(f"the answer is of {plain(issuer)}, not of {self._given.issuer}")

    def _exchanged(self, code: str, verifier: str) -> str:
        """The ID token that the provider gives for a code."""
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._given.address + CALLBACK,
            "code_verifier": verifier,
        }
        with self._asking() as client:
            address = self._endpoint(client, "token_endpoint")
            known = self._shown(client, sent)
            with client.stream("POST", address, data=sent, auth=known) as answer:
                told = object_in(answer, address)
        if answer.status_code == 200 and isinstance(told.get("id_token"), str):
            return told["id_token"]
        why = plain(told.get("error") or f"it answers {answer.status_code} and no ID token")
        raise Unauthorized(f"{self.name} does not take the sign-in: {why}", _AGAIN)

    def _shown(self, client: httpx2.Client, sent: dict[str, str]) -> tuple[str, str] | None:
        """Show who we are as the provider wants it: in the header, or in what is sent."""
        ways = self._described(client).get("token_endpoint_auth_methods_supported")
        if not ways or "client_secret_basic" in ways:
            # RFC 6749, 2.3.1: both are written as in a form before they are joined.
            return quote(self._given.client, safe=""), quote(self._secret, safe="")
        sent |= {"client_id": self._given.client, "client_secret": self._secret}
        return None

    def _verified(self, token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that was made for this attempt, here, and lately."""
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                raise jwt.InvalidAlgorithmError(f"{header.get('alg')!r} is not taken")
            claims = jwt.decode(
                token,
                self._keys.of(str(header.get("kid") or "")),
                algorithms=[*ALGORITHMS],
                audience=self._given.client,
                issuer=self._given.issuer,
                leeway=LEEWAY,
                options={"require": [*_REQUIRED]},
            )
        except (jwt.InvalidTokenError, RecursionError) as cause:
            raise Unauthorized(f"the ID token does not verify: {plain(cause)}", _AGAIN) from cause
        if claims["aud"] not in (self._given.client, [self._given.client]):
            raise Unauthorized("the ID token is for others besides this server")
        if claims.get("azp", self._given.client) != self._given.client:
            raise Unauthorized("the ID token was made for another client (azp)")
        if not compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise Unauthorized("the ID token answers another sign-in (nonce)", _AGAIN)
        return claims

    def _named(self, claims: Mapping[str, Any]) -> str:
        """The person's name, if they may come in. Raises Forbidden."""
        claim = self._given.person
        name = claims.get(claim)
        if not isinstance(name, str) or not name.strip():
            raise Forbidden(f"{self.name} does not say who you are: there is no claim {claim!r}")
        if claim == "email" and claims.get("email_verified") is not True:
            raise Forbidden(
                f"{self.name} has not verified the address {plain(name)}",
                "Verify it there (`email_verified`), then sign in again.",
            )
        if not name.isprintable() or len(name) > _LONGEST:
            raise Forbidden(f"{plain(name)} is no name: it is too long or holds control characters")
        if not any(one.fullmatch(name) for one in self._admits):
            raise Forbidden(
                f"{name} is not admitted here",
                "Whoever runs the server says who is, in `sign_in.admits`.",
            )
        return name

    def _endpoint(self, client: httpx2.Client, name: str) -> str:
        address = str(self._described(client)[name])
        # An endpoint may carry a query of its own (RFC 6749, 3.1).
        if not is_secure(address.partition("?")[0]):
            raise ValueError(f"its {name} is not https: {address!r}")
        return address

    def _described(self, client: httpx2.Client) -> dict[str, Any]:
        if self._about is None or monotonic() - self._about[0] > FRESH:
            self._about = monotonic(), described(client, self._given.issuer)
        return self._about[1]

    @contextmanager
    def _asking(self) -> Generator[httpx2.Client]:
        """A client that asks the provider. Raises IssuerAway where it answers otherwise."""
        if not self._turns.acquire(blocking=False):
            raise IssuerAway("many people sign in just now; try again in some seconds")
        try:
            with httpx2.Client(timeout=_PATIENCE, follow_redirects=False) as client:
                yield client
        except (httpx2.HTTPError, ValueError, KeyError, TypeError) as cause:
            raise IssuerAway(
                f"{self.name} does not answer as an OpenID provider does: {plain(cause)}",
                "Try again; a token signs in without it.",
            ) from cause
        finally:
            self._turns.release()


def _pattern(wanted: str) -> re.Pattern[str]:
    parts = (re.escape(part) for part in wanted.split("*"))
    return re.compile(".*".join(parts), re.IGNORECASE)


def _challenge(verifier: str) -> str:
    """RFC 7636, 4.2, the method S256."""
    digest = sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
