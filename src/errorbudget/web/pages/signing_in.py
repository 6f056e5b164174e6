"""Signing in with a token or at an OpenID provider, and out."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Annotated, Final
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Depends, Query, Request, Response

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.web.calling import Here, server_of
from errorbudget.web.failing import NotFound, Unauthorized, told
from errorbudget.web.issuers import IssuerAway, plain
from errorbudget.web.pages.forms import fields_of, then
from errorbudget.web.pages.rendering import Page, page
from errorbudget.web.provider import CALLBACK, Attempt, Provider
from errorbudget.web.server import Server
from errorbudget.web.session import COOKIE, LASTS, derived, opened, opened_for, sealed, unsealed

LOG = logging.getLogger(__name__)

router = APIRouter(tags=["pages"], route_class=Page, include_in_schema=False)

Fields = Annotated[dict[str, str], Depends(fields_of)]
ATTEMPT: Final = "errorbudget_signin"
WITHIN: Final = timedelta(minutes=10)
"""From the sign-in page to the provider's answer."""
_HOME: Final = "/"
_LONGEST: Final = 3000
"""Characters of an address: the cookie that keeps it must fit into a browser."""


@router.get("/signin")
def ask(request: Request, after: Annotated[str, Query(alias="next")] = _HOME) -> Response:
    """Asks for a token, or leads to the provider, where one is needed."""
    return _asking(request, _here(after))


@router.post("/signin")
def sign_in(request: Request, server: Here, fields: Fields) -> Response:
    """Open a session for the token that was sent."""
    now, after = clock.now(), _here(fields.get("next", _HOME))
    token = server.tokens.found(fields.get("token", "").strip(), now)
    if token is None:
        problem = Unauthorized("The token is not known, has expired or was revoked.")
        return _asking(request, after, problem)
    answer = then(after)
    _keep(answer, request, opened(server.key, token.id, now))
    return answer


@router.get("/signin/provider")
def lead(
    request: Request, server: Here, after: Annotated[str, Query(alias="next")] = _HOME
) -> Response:
    """Lead to the provider; what its answer must fit is in a cookie, and holds no secret."""
    state, after = token_urlsafe(24), _here(after)
    try:
        answer = then(_provider(server).leads(_attempt(server, state)))
    except IssuerAway as away:
        return _asking(request, after, away)
    answer.set_cookie(
        ATTEMPT,
        sealed(server.key, "signing in", f"{state} {after}", clock.now() + WITHIN),
        max_age=int(WITHIN.total_seconds()),
        path=CALLBACK,
        httponly=True,
        samesite="lax",
        secure=_is_secure(request, server),
    )
    return answer


@dataclass(frozen=True, slots=True)
class Said:
    """What a provider says with a browser's redirection (OpenID Connect Core, 3.1.2.5)."""

    state: str = ""
    code: str = ""
    error: str = ""
    error_description: str = ""
    iss: str | None = None


@router.get(CALLBACK)
def come_back(request: Request, server: Here, said: Annotated[Said, Depends()]) -> Response:
    """Open a session for the person whom the provider names, if it answers this browser."""
    provider, now = _provider(server), clock.now()
    kept = unsealed(server.key, "signing in", request.cookies.get(ATTEMPT, ""), now) or ""
    state, _, after = kept.partition(" ")
    try:
        if not state or not compare_digest(state.encode(), said.state.encode()):
            raise Unauthorized(
                "this is not the answer to a sign-in that this browser began in the last"
                f" {WITHIN // timedelta(minutes=1)} minutes",
                "Begin again here.",
            )
        provider.vouches(said.iss)
        if said.error or not said.code:
            why = plain(f"{said.error} {said.error_description}".strip() or "it sent no code")
            raise Unauthorized(f"{provider.name} did not let you in: {why}")
        person = provider.person(said.code, _attempt(server, state))
        LOG.info("%s signed in at %s", person, provider.name)
        answer = page(request, "signed_in.html", title="Signed in", person=person, after=after)
        _keep(answer, request, opened_for(server.key, person, now))
    except Failure as failure:
        answer = _asking(request, _here(after), failure)
    answer.delete_cookie(ATTEMPT, path=CALLBACK, httponly=True, samesite="lax")
    return answer


@router.post("/signout")
def sign_out(fields: Fields) -> Response:
    """End the session."""
    del fields
    answer = then("/signin")
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _asking(request: Request, after: str, problem: Failure | None = None) -> Response:
    """The page to sign in at, and what did not work."""
    server = server_of(request)
    return page(
        request,
        "signin.html",
        status=told(problem).status_code if problem else 200,
        title="Sign in" if server.needs_tokens else "No sign-in is needed",
        needed=server.needs_tokens,
        provider=server.provider.name if server.provider else "",
        after=after,
        problem=str(problem or ""),
    )


def _keep(answer: Response, request: Request, cookie: str) -> None:
    """Let the browser keep a session."""
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=_is_secure(request, server_of(request)),
    )


def _is_secure(request: Request, server: Server) -> bool:
    """Whether browsers come by TLS, be it that something in front of the server ends it."""
    given = server.configuration.sign_in
    return request.url.scheme == "https" or bool(given and given.address.startswith("https:"))


def _provider(server: Server) -> Provider:
    if server.provider is None:
        raise NotFound("people sign in with tokens here; there is no provider (`sign_in`)")
    return server.provider


def _attempt(server: Server, state: str) -> Attempt:
    """The state's own nonce and verifier: nobody else can make them, so nothing keeps them."""
    return Attempt(
        state,
        nonce=derived(server.key, "nonce", state),
        verifier=derived(server.key, "verifier", state),
    )


def _here(address: str) -> str:
    """An address of this server; whatever else was asked for is its first page."""
    parts = urlsplit(address)
    elsewhere = parts.scheme or parts.netloc or not address.startswith("/")
    strange = "\\" in address or not address.isprintable() or address.startswith("//")
    return _HOME if elsewhere or strange or len(quote(address, safe="")) > _LONGEST else address
