"""Postmortems over HTTP are what the command line prints, and commands work on a server."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from typer.testing import CliRunner, Result

from errorbudget import clock
from errorbudget.cli.main import application
from web.pages.reading import requests
from web.served import DOCUMENT, Served


@pytest.fixture
def run(server: Served, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line, talking to the server."""
    server.post("/api/v1/documents", content=DOCUMENT.format(service="shop").encode())
    server.send(*requests(5000, 400))
    server.counted(5000, 400)
    monkeypatch.setenv("ERRORBUDGET_URL", str(server.client.base_url))
    return lambda *words: CliRunner().invoke(application(), words)


def test_commands_on_a_server_draft_write_and_measure(
    run: Callable[..., Result], server: Served
) -> None:
    since, until = (clock.text(clock.now() + timedelta(minutes=one)) for one in (-20, 0))
    named = ("--from", since, "--to", until)

    (drafted,) = json.loads(
        run("postmortem", "draft", "shop", "availability", *named, "--json").stdout
    )
    id_ = drafted["id"]
    listed = json.loads(run("postmortem", "list", "--json").stdout)
    shown = json.loads(run("postmortem", "show", id_, "--json").stdout)
    impact = json.loads(run("postmortem", "impact", "shop", "--from", since, "--json").stdout)
    room = json.loads(run("room", "shop", "--json").stdout)
    refused = run("postmortem", "publish", id_, "--by", "ana")

    assert [one["id"] for one in listed] == [id_]
    assert listed == server.client.get("/api/v1/postmortems").json()
    assert shown["markdown"] == drafted["markdown"]
    assert impact["costs"][0]["seen"] == 400
    assert {one["risk"] for one in room["rooms"]} == {"low", "normal", "high"}
    assert "people have yet to write" in str(refused.exception)
    assert json.loads(run("postmortem", "actions", "--json").stdout) == []
