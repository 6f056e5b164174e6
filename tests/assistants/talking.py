"""A real client of the protocol, of the official SDK, in a session with a real process."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from typer.testing import CliRunner

from errorbudget.cli.main import application
from errorbudget.errors import Failure

PROGRAM = Path(sys.executable).with_name("errorbudget")
MARKS = str.maketrans("", "", "⟦⟧")


class Refused(Exception):  # noqa: N818 -- what an assistant is told
    """A tool that could not answer, and why."""


class Session:
    """What an assistant does."""

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        self._portal = portal
        self.client = client

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The answer of a tool."""
        told = self._portal.call(self.client.call_tool, tool, arguments)
        if told.is_error:
            raise Refused(told.content[0].text)  # pyright: ignore
        answer = told.structured_content
        assert json.loads(told.content[0].text) == answer  # pyright: ignore
        return answer

    def read(self, uri: str) -> str:
        """The text of a resource."""
        try:
            told = self._portal.call(self.client.read_resource, uri)
        except MCPError as refusal:
            raise Refused(str(refusal)) from refusal
        return told.contents[0].text  # pyright: ignore

    def prompt(self, name: str, **arguments: str) -> str:
        """The text of a prompt."""
        told = self._portal.call(self.client.get_prompt, name, arguments)
        return told.messages[0].content.text  # pyright: ignore

    def tools(self) -> list[Any]:
        """Everything that the server offers to do."""
        return self._portal.call(self.client.list_tools).tools

    def prompts(self) -> list[str]:
        """The names of its prompts."""
        return [one.name for one in self._portal.call(self.client.list_prompts).prompts]


@contextmanager
def over_stdio(home: Path, **environment: str) -> Generator[Session]:
    """A session with a process of its own, which stops with it."""
    told = {"ERRORBUDGET_HOME": str(home), "PATH": os.environ["PATH"], **environment}
    command = StdioServerParameters(command=str(PROGRAM), args=["mcp"], env=told, cwd=home.parent)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(command)) as client,
    ):
        yield Session(portal, client)


@contextmanager
def over_http(url: str, token: str = "") -> Generator[Session]:
    """A session over HTTP, with a token."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    http = httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(http):
        client = Client(streamable_http_client(url, http_client=http))
        with portal.wrap_async_context_manager(client):
            yield Session(portal, client)


@contextmanager
def serving(home: Path, **environment: str) -> Generator[str]:
    """A process that serves assistants over HTTP; its address."""
    with (home.parent / "mcp.log").open("ab") as log:
        process = subprocess.Popen(
            [PROGRAM, "mcp", "--listen", "127.0.0.1:0"],
            env=os.environ | {"ERRORBUDGET_HOME": str(home)} | environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout
    with process.stdout:
        try:
            ready, _, _ = select.select([process.stdout], [], [], 30)
            line = process.stdout.readline() if ready else ""
            assert line, (home.parent / "mcp.log").read_text()
            yield line.split()[-1]
        finally:
            process.terminate()
            process.wait(30)


def bare(value: Any) -> Any:
    """A JSON value without the marks around other people's text."""
    if isinstance(value, dict):
        return {name.translate(MARKS): bare(one) for name, one in value.items()}
    if isinstance(value, list):
        return [bare(one) for one in value]
    return value.translate(MARKS) if isinstance(value, str) else value


def cli(home: Path, *words: str) -> Any:
    """What the command line says, as JSON; its exit code is the caller's affair."""
    said = CliRunner().invoke(
        application(), [*words, "--json"], env={"ERRORBUDGET_HOME": str(home)}
    )
    if isinstance(said.exception, Failure):
        raise said.exception
    return json.loads(said.stdout)
