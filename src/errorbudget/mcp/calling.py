"""What every tool needs of a call: who calls, the door for as long as it lasts, moments."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import MCPServerError, ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from errorbudget import clock
from errorbudget.errors import Failure
from errorbudget.mcp import quoting
from errorbudget.mcp.reach import Door, Way

Call = Context[Any, Any]
Service = Annotated[str, Field(max_length=200, description="A service, as budgets lists them.")]
Moment = Annotated[
    str, Field(max_length=40, description="RFC 3339, UTC without a zone; empty is now.")
]

READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
"""Of a tool that leaves nothing behind."""


def token_of(call: Call) -> str:
    """The token that came with a call over HTTP; empty where none did."""
    return bearer((call.headers or {}).get("authorization", ""))


def bearer(header: str) -> str:
    """The token in a header; empty where it holds none."""
    scheme, _, text = header.partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


@contextmanager
def entering(way: Way, call: Call, refusal: type[MCPServerError] = ToolError) -> Generator[Door]:
    """The door for one call; a failure becomes what an assistant can act on."""
    try:
        with way.enter(token_of(call)) as door:
            yield door
    except Failure as failure:
        raise refusal("\n".join(quoting.line(_asked(one)) for one in failure.lines)) from failure


def _asked(said: str) -> str:
    """A failure by the names of a tool's arguments; commands in backticks stay as they are."""
    return _OPTION.sub(lambda one: one[0] if one[0][0] == "`" else _argument(one[1]), said)


def _argument(option: str) -> str:
    return {"from": "since", "to": "until"}.get(option, option.replace("-", "_"))


_OPTION: Final = re.compile(r"`[^`]*`|(?<![\w-])--([a-z]+(?:-[a-z]+)*)\b")


def moment(text: str, name: str) -> datetime | None:
    """The moment that an argument names; None where it is empty. Raises Failure."""
    try:
        return clock.parse(text) if text else None
    except ValueError as cause:
        raise Failure(f"{name}: {cause}") from cause
