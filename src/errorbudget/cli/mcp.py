"""`errorbudget mcp`: the tools for assistants, over standard input and output or over HTTP."""

import logging
import sys
from typing import Annotated

import typer

from errorbudget.errors import Failure

LISTEN = "127.0.0.1:8701"


def mcp(
    *,
    http: Annotated[
        bool, typer.Option("--http", help=f"Streamable HTTP at http://{LISTEN}/mcp.")
    ] = False,
    listen: Annotated[
        str | None,
        typer.Option("--listen", metavar="HOST:PORT", help="HTTP elsewhere; port 0 is any free."),
    ] = None,
) -> None:
    """Serve assistants by the Model Context Protocol; without --http the one that starts this."""
    from errorbudget.cli.assisting import AtHand, Forwarded
    from errorbudget.mcp.server import PATH, over_http, over_stdio

    # Standard output belongs to the protocol.
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    if not http and listen is None:
        over_stdio(AtHand())
        return
    from errorbudget.program.configuration import is_loopback, split
    from errorbudget.web.running import bound, url_of

    try:
        host, _ = split(listen or LISTEN)
    except ValueError as cause:
        raise Failure(f"--listen: {cause}") from cause
    listening = bound(listen or LISTEN)
    sys.stdout.write(f"errorbudget serves assistants at {url_of(listening)}{PATH}\n")
    sys.stdout.flush()
    over_http(Forwarded(), listening, tokens_only=not is_loopback(host))
