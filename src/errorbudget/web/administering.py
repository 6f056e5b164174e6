"""The endpoints of those who run the server: tokens, and messages that did not arrive."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from errorbudget import clock
from errorbudget.web.answers import incidents as answers
from errorbudget.web.answers.trail import Token, TokenMade
from errorbudget.web.calling import Administers, Here, documented
from errorbudget.web.failing import as_json

router = APIRouter(prefix="/api/v1", tags=["running it"])


class Wanted(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=100)]
    scopes: list[str]
    services: list[str] = []
    environments: list[str] = []
    expires_minutes: Annotated[int | None, Field(gt=0)] = None


@router.post(
    "/tokens",
    summary="Make a token",
    responses=documented(TokenMade, "The token; its text is told this once."),
)
def make(server: Here, _caller: Administers, wanted: Wanted) -> Response:
    """Bound to services and environments where those are given; kept as a hash only."""
    minutes = wanted.expires_minutes
    made = server.tokens.make(
        wanted.name,
        wanted.scopes,
        services=wanted.services,
        environments=wanted.environments,
        expires=timedelta(minutes=minutes) if minutes else None,
        now=clock.now(),
    )
    return as_json(made)


@router.get(
    "/tokens",
    summary="Tokens that there are",
    responses=documented(list[Token], "Every token, those revoked too; no secrets."),
)
def tokens(server: Here, _caller: Administers) -> Response:
    """Oldest first."""
    return as_json(server.tokens.list(clock.now()))


@router.get(
    "/letters",
    summary="Messages that did not arrive",
    responses=documented(list[answers.DeadLetter], "Oldest first, each with the last reason."),
)
def dead_letters(server: Here, _caller: Administers) -> Response:
    """Given up after many tries, or refused."""
    return as_json(server.letters.dead())


class Resent(BaseModel):
    """Which dead letters to try again."""

    model_config = ConfigDict(extra="forbid")
    numbers: Annotated[list[int], Field(max_length=10_000)] = []


@router.post(
    "/letters/resend",
    summary="Send dead letters again",
    responses=documented(answers.Resent, "How many wait again; they are tried at once."),
)
def resend(server: Here, _caller: Administers, sent: Resent) -> Response:
    """Those numbered so, or all where none is named."""
    return as_json(server.resend(sent.numbers))


@router.delete(
    "/tokens/{which}",
    summary="Revoke a token",
    responses=documented(Token, "It opens nothing any more."),
)
def revoke(server: Here, _caller: Administers, which: str) -> Response:
    """By id or name; at once."""
    return as_json(server.tokens.revoke(which, now=clock.now()))
