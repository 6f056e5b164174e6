"""How a cluster asks: by the name of a change, from tools that show one line of text at most."""

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from errorbudget.errors import Failure
from errorbudget.program.gate.asking import Question, declared_risk
from errorbudget.web.access import Caller
from errorbudget.web.failing import Forbidden, Unauthorized, told
from errorbudget.web.server import Server

LOG = logging.getLogger(__name__)

NOBODY: Final = "errorbudget could not decide; its log says more"
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A change that is about to reach a cluster."""

    service: str
    revision: str
    """What a pipeline asks about by; empty: the change is unidentified."""
    otherwise: str
    """What an unidentified change is called, so that asking again is asking the same."""
    risk: str = ""
    """A class that somebody wrote beside it; it may only raise."""


def decided(server: Server, caller: Caller, asking: Asking) -> dict[str, Any]:
    """The one decision, as `POST /api/v1/gate` answers it. Raises Failure."""
    return server.check(asked(server, caller, asking), at=None)


def asked(server: Server, caller: Caller, asking: Asking) -> Question:
    """The question that it is to the gate. Raises Failure."""
    caller.about(asking.service)
    caller.within(server.document(asking.service).environment)
    for text in (asking.service, asking.revision, asking.otherwise):
        if not text.isprintable() or len(text) > _LONGEST:
            raise Failure(f"{text[:40]!r} holds control characters, or is too long for a name")
    return Question(
        service=asking.service,
        change=asking.revision or f"unidentified {asking.otherwise}",
        declared=declared_risk(asking.risk) if asking.risk and asking.revision else None,
        by=(caller.name, *caller.people),
        named=True,
    )


def one_line(text: str) -> str:
    """A text as a tool with one line shows it."""
    return " ".join(text.split())


class Translated(APIRoute):
    """A route whose every failure is told in its tool's terms: `refused` says how."""

    def refused(self, status: int, reason: str) -> Response:
        """The answer to a call that failed, with the status that HTTP would have for it."""
        raise NotImplementedError

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, whatever happens in it."""
        handle = super().get_route_handler()

        async def translated(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as invalid:
                wrong = invalid.errors()[0]
                where = ".".join(str(part) for part in wrong["loc"])
                return self.refused(400, f"{where}: {wrong['msg']}")
            except (Unauthorized, Forbidden) as refusal:
                return self.refused(refusal.status, one_line(str(refusal)))
            except Failure as failure:
                return self.refused(told(failure).status_code, one_line(str(failure)))
            except Exception:
                LOG.exception("%s %s failed", request.method, request.url.path)
                return self.refused(500, NOBODY)

        return translated
