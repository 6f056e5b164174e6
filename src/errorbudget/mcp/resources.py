"""The resources: what stands written, to be read whole."""

from typing import Any, Final

import orjson
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError

from errorbudget.errors import Failure
from errorbudget.mcp import quoting
from errorbudget.mcp.calling import Call, entering
from errorbudget.mcp.reach import Way

_LONGEST: Final = 18
"""Digits of an entry's number that a store can hold."""


def offer(server: MCPServer[Any], way: Way) -> None:
    """Offer documents, postmortems and entries."""

    def document(call: Call, service: str) -> str:
        """The objective document in force for a service, and who signed it."""
        with entering(way, call, ResourceError) as door:
            told = door.objectives.in_force(service)
        if told["document"] is None:
            raise ResourceNotFoundError(f"{quoting.line(service)}: no version of it binds yet")
        signed = ", ".join(sorted(told["signatures"]))
        head = f"# sha256 {told['digest']}, {f'signed as {signed}' if signed else 'not signed'}\n"
        return head + quoting.passage(told["document"])

    def entry(call: Call, number: str) -> str:
        """One entry of the audit trail, as a decision names it."""
        with entering(way, call, ResourceError) as door:
            if not (number.isascii() and number.isdecimal() and len(number) <= _LONGEST):
                raise Failure(f"{number}: write the number of an entry")
            told = door.audit.entry(int(number))
        return orjson.dumps(quoting.data(told), option=orjson.OPT_INDENT_2).decode()

    def postmortem(call: Call, id: str) -> str:
        """A postmortem as it is kept, in Markdown."""
        with entering(way, call, ResourceError) as door:
            return quoting.passage(door.postmortems.show(id)["markdown"])

    server.resource("errorbudget://postmortems/{id}", name="postmortem", mime_type="text/markdown")(
        postmortem
    )
    server.resource(
        "errorbudget://documents/{service}", name="document", mime_type="application/yaml"
    )(document)
    server.resource("errorbudget://entries/{number}", name="entry", mime_type="application/json")(
        entry
    )
