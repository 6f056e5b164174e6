"""What a person sends from a page: its fields, once it is sure that they sent it from here."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse

from errorbudget.errors import Failure
from errorbudget.program.tokens import Scope
from errorbudget.web.access import Caller, identified
from errorbudget.web.calling import server_of
from errorbudget.web.failing import Forbidden, TooLarge
from errorbudget.web.session import COOKIE, proof

LARGEST: Final = 64 * 1024
"""Bytes of a form."""
_FIELDS: Final = 100


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, and who sent it."""

    caller: Caller
    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """A field that must be there. Raises Failure."""
        if not (value := self.fields.get(name, "").strip()):
            raise Failure(f"{name}: is empty; fill it in")
        return value

    def text(self, name: str) -> str:
        """A field to the letter: browsers send line ends as CRLF, whatever a page had."""
        return self.fields.get(name, "").replace("\r\n", "\n")

    def get(self, name: str) -> str | None:
        """A field that may be left empty."""
        return self.fields.get(name, "").strip() or None


async def fields_of(request: Request) -> Mapping[str, str]:
    """The fields of a form of this server's own. Raises Forbidden, TooLarge, Failure."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise TooLarge(f"the form is larger than {LARGEST >> 10} KiB")
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError as cause:
        raise Failure("the form cannot be read; open its page again") from cause
    expected = proof(server_of(request).key, request.cookies.get(COOKIE, ""))
    if not compare_digest(fields.get("proof", "").encode(), expected.encode()):
        raise Forbidden("the form is not of this session; open its page again, and send it anew")
    return fields


def sent(scope: Scope) -> Callable[[Request], Awaitable[Form]]:
    """A form, from somebody who may do this. Raises Unauthorized, Forbidden, Failure."""

    async def form(request: Request) -> Form:
        fields = await fields_of(request)
        caller = identified(server_of(request), request, from_form=True)
        caller.needs(scope)
        return Form(caller, fields)

    return form


ToRead = Annotated[Form, Depends(sent(Scope.READ))]
ToApprove = Annotated[Form, Depends(sent(Scope.APPROVE))]
ToAsk = Annotated[Form, Depends(sent(Scope.GATE))]
ToAdminister = Annotated[Form, Depends(sent(Scope.ADMIN))]


def then(address: str) -> RedirectResponse:
    """To where a person goes after what they sent was done: loading that again sends nothing."""
    return RedirectResponse(address, status_code=303)
