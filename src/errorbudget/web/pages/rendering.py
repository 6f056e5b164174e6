"""How does a page become bytes: its template, its words for numbers, and what it may load."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.ledger.window import moment as of_minute
from errorbudget.web.failing import NotFound, Unauthorized, refused, told
from errorbudget.web.session import COOKIE, proof

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing inline, nothing from elsewhere: text that a tenant sends can never run."""

GUARDS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def page(request: Request, template: str, *, status: int = 200, **shown: Any) -> HTMLResponse:
    """The page of a template with these values."""
    server, caller = request.app.state.server, getattr(request.state, "caller", None)
    text = (
        _environment()
        .get_template(template)
        .render(
            path=request.url.path,
            pace=clock.pace(),
            clock_says=clock.now(),
            who=caller.name if caller and server.needs_tokens else "",
            proof=proof(server.key, request.cookies.get(COOKIE, "")),
            **shown,
        )
    )
    return HTMLResponse(text, status_code=status, headers=GUARDS)


def alone(title: str, body: str) -> str:
    """A page that needs no server: its style in it, its body trusted as it is."""
    style = (static("errorbudget.css") or b"").decode()
    template = _environment().get_template("alone.html")
    return template.render(title=title, style=Markup(style), body=Markup(body))  # noqa: S704


class Page(APIRoute):
    """A route that tells a person of a failure with a page rather than with JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, and a page for what it raises."""
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except Unauthorized as failure:
                if request.method != "GET":
                    return failed(request, failure)
                here = f"{request.url.path}?{request.url.query}".rstrip("?")
                return RedirectResponse(f"/signin?next={quote(here)}", status_code=303)
            except Failure as failure:
                return failed(request, failure)
            except RequestValidationError as invalid:
                lines = [f"{one['loc'][-1]}: {one['msg']}" for one in invalid.errors()]
                return failed(request, Failure(*lines))

        return answered


def failed(request: Request, failure: Failure) -> HTMLResponse:
    """The page of a failure: what, why, and what to do about it."""
    status = told(failure).status_code
    title = _TITLES.get(status, "This did not work")
    return page(request, "failed.html", status=status, title=title, lines=failure.lines)


def nowhere(request: Request, cause: HTTPException) -> Response:
    """An address that nothing is at: a page for people, JSON for programs."""
    if "text/html" not in request.headers.get("Accept", ""):
        return refused(cause)
    return failed(request, NotFound(f"{request.url.path}: there is no such page"))


_TITLES: Final = {
    401: "Sign in first",
    403: "This is not open to you",
    404: "Nothing is here",
    503: "Not just now",
}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("errorbudget.web.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "share": share,
        "times": times,
        "count": count,
        "moment": moment_words,
        "iso": iso,
        "minute": of_minute,
        "parsed": clock.parse,
        "parsed_exactly": datetime.fromisoformat,
    }
    cast("dict[str, Any]", environment.filters).update(filters)
    marks: dict[str, Any] = {"SHAPES": SHAPES, "WORDS": WORDS, "OUTCOMES": OUTCOMES}
    cast("dict[str, Any]", environment.globals).update(marks)
    return environment


SHAPES: Final = {
    "none": "●",
    "drift": "◐",
    "warn": "▲",
    "fire": "■",
    "recovering": "◔",
    "unknown": "◌",
}
WORDS: Final = {
    "none": "healthy",
    "drift": "drifting",
    "warn": "warning",
    "fire": "fire",
    "recovering": "recovering",
    "unknown": "unknown",
}

OUTCOMES: Final = {
    "allow": ("none", "●", "allowed"),
    "needs_approval": ("warn", "▲", "needs an approval"),
    "block": ("fire", "■", "blocked"),
}
"""Of each decision: its class, its shape and its words."""


def static(name: str) -> bytes | None:
    """The bytes of a file that pages load; None where there is none of this name."""
    if "/" in name or name.startswith("."):
        return None
    file = files("errorbudget.web.pages").joinpath("static", name)
    return file.read_bytes() if file.is_file() else None


def share(ratio: float | None) -> str:
    """A ratio in whole percent, in tenths below ten; an unknown one is a dash."""
    if ratio is None:
        return "–"
    percent = ratio * 100
    if 0 < percent < 0.05:
        return "<0.1 %"
    return f"{percent:.1f} %" if 0 < abs(percent) < 9.95 else f"{percent:.0f} %"


def times(rate: float | None) -> str:
    """A burn rate with two digits that say something: `0.4`, `12`, `1,440`."""
    if rate is None:
        return "–"
    return f"{rate:,.0f}" if rate >= 9.95 else f"{rate:.1f}"


def count(number: float | None) -> str:
    """A whole number, in thousands; what is less than ten may have a fraction."""
    if number is None:
        return "–"
    return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.1f}"


def moment_words(at: datetime | None, spec: str = "%-d %b %Y, %H:%M UTC") -> str:
    """A moment for a person whose browser runs no script."""
    return "–" if at is None else at.astimezone(UTC).strftime(spec)


def iso(at: datetime) -> str:
    """A moment for a machine."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
