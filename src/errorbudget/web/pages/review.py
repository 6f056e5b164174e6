"""The page of a review: two printed pages to act on, the evidence below."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from markupsafe import Markup

from errorbudget.review.markdown import markdown
from errorbudget.review.page import body
from errorbudget.review.quarter import Quarter
from errorbudget.web.calling import At, Here, Reads
from errorbudget.web.pages.rendering import GUARDS, Page, page
from errorbudget.web.reviews import about

router = APIRouter(tags=["pages"], route_class=Page, include_in_schema=False)

Text = Annotated[str | None, Query(max_length=200)]


@router.get("/reviews")
def last(request: Request, server: Here, caller: Reads, at: At, service: Text = None) -> Response:
    """The last quarter that is over."""
    return review(request, server, caller, at, service=service)


@router.get("/reviews/{quarter}")
def review(
    request: Request,
    server: Here,
    caller: Reads,
    at: At,
    quarter: str | None = None,
    service: Text = None,
) -> Response:
    """A quarter of a document, or of all; as `2026Q3.md` its Markdown."""
    about(caller, service)
    wanted = quarter.removesuffix(".md") if quarter else None
    told = server.patient.review(service, wanted, at)
    if quarter and quarter.endswith(".md"):
        return PlainTextResponse(markdown(told), media_type="text/markdown", headers=GUARDS)
    here = Quarter.parse(told["quarter"])
    return page(
        request,
        "review.html",
        title=f"Review of {here}",
        # Trusted as it is: the renderer escapes every text that others wrote.
        body=Markup(body(told)),  # noqa: S704
        here=here,
        service=service,
    )
