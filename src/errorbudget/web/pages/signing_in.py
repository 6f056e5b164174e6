"""Signing in with a token, and out."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request, Response

from errorbudget import clock
from errorbudget.web.calling import Here
from errorbudget.web.failing import Unauthorized
from errorbudget.web.pages.forms import fields_of, then
from errorbudget.web.pages.rendering import Page, page
from errorbudget.web.session import COOKIE, LASTS, opened

router = APIRouter(tags=["pages"], route_class=Page, include_in_schema=False)

Fields = Annotated[dict[str, str], Depends(fields_of)]
_HOME: Final = "/"


@router.get("/signin")
def ask(
    request: Request, server: Here, after: Annotated[str, Query(alias="next")] = _HOME
) -> Response:
    """Asks for a token, where one is needed."""
    title = "Sign in" if server.needs_tokens else "No sign-in is needed"
    return page(
        request,
        "signin.html",
        title=title,
        needed=server.needs_tokens,
        after=_here(after),
        problem="",
    )


@router.post("/signin")
def sign_in(request: Request, server: Here, fields: Fields) -> Response:
    """Open a session for the token that was sent."""
    now, after = clock.now(), _here(fields.get("next", _HOME))
    token = server.tokens.found(fields.get("token", "").strip(), now)
    if token is None:
        problem = str(Unauthorized("The token is not known, has expired or was revoked."))
        return page(
            request,
            "signin.html",
            status=401,
            title="Sign in",
            needed=True,
            after=after,
            problem=problem,
        )
    answer = then(after)
    answer.set_cookie(
        COOKIE,
        opened(server.key, token.id, now),
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/signout")
def sign_out(fields: Fields) -> Response:
    """End the session."""
    del fields
    answer = then("/signin")
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _here(address: str) -> str:
    """An address of this server; whatever else was asked for is its first page."""
    parts = urlsplit(address)
    elsewhere = parts.scheme or parts.netloc or not address.startswith("/")
    return _HOME if elsewhere or address.startswith(("//", "/\\")) else address
