"""`errorbudget serve`: receive requests, watch the budgets, answer; until it is told to stop."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from errorbudget.cli.options import home_path

if TYPE_CHECKING:
    from errorbudget.program.configuration import Configuration


def serve(
    *,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", envvar="ERRORBUDGET_CONFIG", help="YAML; see deploy/errorbudget.yaml."
        ),
    ] = None,
    listen: Annotated[
        str | None, typer.Option("--listen", metavar="HOST:PORT", help="127.0.0.1:8700 if unset.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Another port; 0 is any free.")
    ] = None,
    replica: Annotated[
        bool,
        typer.Option(
            "--replica", help="One of several on the records that ERRORBUDGET_STORE names."
        ),
    ] = False,
    level: Annotated[str, typer.Option("--log", help="debug, info, warning or error.")] = "info",
) -> None:
    """Serve the home: OpenTelemetry and NDJSON in, budgets watched, the gate open."""
    from errorbudget.web import logs
    from errorbudget.web.running import run

    logs.to_standard_error(level)
    run(home_path(), partial(_configured, config, listen, port), _announce, replica=replica)


def _configured(config: Path | None, listen: str | None, port: int | None) -> "Configuration":
    from errorbudget.program import configuration

    given = configuration.read(config) if config else configuration.Configuration()
    wanted = listen or given.listen
    if port is not None:
        wanted = f"{wanted.rpartition(':')[0]}:{port}"
    return configuration.with_listen(given, wanted)


def _announce(url: str) -> None:
    sys.stdout.write(f"errorbudget serves at {url}\n")
    sys.stdout.flush()
