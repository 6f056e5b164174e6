"""Plain questions to the gate go past the framework: a thread each, and more, for one lookup."""

from collections.abc import Sequence
from typing import Final

from fastapi import Request
from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errorbudget.program.gate.recording import Recording
from errorbudget.program.tokens import Scope as Permission
from errorbudget.web.access import identified
from errorbudget.web.failing import JSON
from errorbudget.web.gating import DECIDE, Asked, question_of
from errorbudget.web.server import Server

LARGEST: Final = 65_536
"""Bytes of a question that is read here; one with many files takes its time elsewhere."""


class PlainQuestions:
    """Answers what memory alone can; all else, and whatever is wrong, goes on as it came."""

    def __init__(self, app: ASGIApp, server: Server) -> None:
        self._app = app
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass a call on."""
        if not _is_plain(scope):
            await self._app(scope, receive, send)
            return
        messages = await _read(receive)
        body = b"".join(message.get("body", b"") for message in messages)
        request = Request(scope)
        answer = await self._server.lane.ask(lambda: self._asked(request, body))
        if answer is None:
            await self._app(scope, _again(messages, receive), send)
            return
        scope["route"] = DECIDE
        await send(_start(answer))
        await send({"type": "http.response.body", "body": answer})

    def _asked(self, request: Request, body: bytes) -> Recording | None:
        try:
            asked = Asked.model_validate_json(body)
        except ValidationError:
            return None
        if asked.at is not None or asked.dry_run:
            return None
        caller = identified(self._server, request)
        caller.needs(Permission.GATE)
        return self._server.deciding.from_memory(question_of(self._server, caller, asked))


def _is_plain(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["path"] != DECIDE.path or scope["method"] != "POST":
        return False
    headers = dict[bytes, bytes](scope["headers"])
    size = headers.get(b"content-length", b"")
    is_small = size.isdigit() and int(size) <= LARGEST
    is_json = headers.get(b"content-type", b"").startswith(b"application/json")
    # A pipeline's signed token may have to be checked with keys that are fetched first.
    is_signed = headers.get(b"authorization", b"").count(b".") > 1
    return is_small and is_json and not is_signed


async def _read(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _again(messages: Sequence[Message], receive: Receive) -> Receive:
    """What was read, and then what comes."""
    read = iter(messages)

    async def received() -> Message:
        found = next(read, None)
        return await receive() if found is None else found

    return received


def _start(answer: bytes) -> Message:
    headers = [
        (b"content-length", str(len(answer)).encode()),
        (b"content-type", JSON.encode()),
    ]
    return {"type": "http.response.start", "status": 200, "headers": headers}
