"""What an assistant cannot do: approve, decline, correct, sign, or leave a record unasked."""

import asyncio
import inspect
from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from a_shop import AFTERWARDS, TUESDAY, copied
from assistants.talking import Refused, Session, cli, over_http, over_stdio, serving
from errorbudget.mcp import reach
from errorbudget.mcp.server import guarded
from web.served import Served, serve

TOOLS = {
    "propose_objective",
    "check_objective",
    "budgets",
    "explain_burn",
    "ask_gate",
    "forecast_feature",
    "review_quarter",
    "draft_postmortem",
}
MAY_RECORD = {"ask_gate", "draft_postmortem"}
FOR_PEOPLE = (
    "approve",
    "decline",
    "correct",
    "sign",
    "apply",
    "publish",
    "give",
    "token",
    "ingest",
    "close",
)


@pytest.fixture(scope="module")
def session(shop_home: Path) -> Generator[Session]:
    with over_stdio(shop_home) as opened:
        yield opened


def test_there_are_few_tools_and_none_is_a_persons(session: Session):
    tools = session.tools()

    assert {one.name for one in tools} == TOOLS
    for tool in tools:
        assert tool.description
        words = f"{tool.name} {' '.join(tool.input_schema['properties'])}"
        assert not [word for word in FOR_PEOPLE if word in words], tool.name
        assert tool.annotations.read_only_hint is (tool.name not in MAY_RECORD)
        assert not tool.annotations.destructive_hint


def test_what_lies_behind_the_tools_holds_nothing_of_a_person_either():
    found = {
        name
        for _, part in inspect.getmembers(reach, inspect.isclass)
        if part.__module__ == reach.__name__
        for name, _ in inspect.getmembers(part)
        if not name.startswith("_")
    }

    assert {"propose", "explain", "check"} <= found
    assert not [name for name in found if any(word in name for word in FOR_PEOPLE)]


def test_whatever_is_called_leaves_no_record(session: Session, shop_home: Path):
    before = cli(shop_home, "audit", "log", "--last", "0")
    calls = {
        "propose_objective": {"service": "ledger"},
        "check_objective": {"document": "kind: ObjectiveDocument"},
        "budgets": {},
        "explain_burn": {"service": "checkout", "at": AFTERWARDS},
        "ask_gate": {"service": "checkout", "change": "x", "risk": "high"},
        "forecast_feature": {"service": "ledger", "availability": "99%", "share": "1%"},
        "review_quarter": {"quarter": "2026Q3"},
        "draft_postmortem": {"service": "checkout", "since": TUESDAY[0], "until": TUESDAY[1]},
    }
    assert calls.keys() == TOOLS
    for tool, arguments in calls.items():
        if tool != "check_objective":
            assert session.call(tool, **arguments)["answer"]
    with pytest.raises(Refused, match="is missing"):
        session.call("check_objective", **calls["check_objective"])
    with pytest.raises(Refused, match="only with a token of scope approve"):
        session.call("draft_postmortem", **calls["draft_postmortem"], keep=True)
    with pytest.raises(Refused, match="only with a token of scope gate"):
        session.call("ask_gate", service="checkout", change="x", record=True)
    assert cli(shop_home, "audit", "log", "--last", "0") == before


@pytest.fixture(scope="module")
def served_home(shop_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(shop_home, tmp_path_factory.mktemp("served") / "home")


@pytest.fixture(scope="module")
def tokens(served_home: Path) -> dict[str, str]:
    """A token that may read, and one that may ask the gate on record too."""
    scopes = {"reader": ["--scope=read"], "shipper": ["--scope=read", "--scope=gate"]}
    return {
        name: cli(served_home, "token", "create", name, *given)["token"]
        for name, given in scopes.items()
    }


@pytest.fixture(scope="module")
def server(served_home: Path, tokens: dict[str, str]) -> Generator[Served]:
    with serve(served_home) as served:
        yield served


@pytest.fixture(scope="module")
def address(server: Served) -> Generator[str]:
    with serving(server.home) as url:
        yield url


def test_over_http_a_token_may_what_the_server_lets_it(
    server: Served, address: str, tokens: dict[str, str]
):
    asked = {"service": "checkout", "change": "checkout-2.15.0"}
    with over_http(address, tokens["reader"]) as reader:
        told = reader.call("ask_gate", **asked)
        assert told["answer"][-1].startswith("asked only") or "person" in told["answer"][-1]
        assert told["page"] == f"{server.url}/services/checkout"
        with pytest.raises(Refused, match="needs the scope gate; the token 'reader' has: read"):
            reader.call("ask_gate", **asked, record=True)

    with over_http(address, tokens["shipper"]) as shipper:
        told = shipper.call("ask_gate", **asked, record=True, detail="full")
        assert told["data"]["entry"]
        entry = shipper.read(f"errorbudget://entries/{told['data']['entry']}")
    assert "⟦shipper⟧" in entry


def test_over_http_nobodys_token_is_lent(server: Served, address: str):
    with over_http(address) as stranger, pytest.raises(Refused, match="this needs a token"):
        stranger.call("budgets")
    with over_http(address, "eb_wrong") as stranger, pytest.raises(Refused, match="not known"):
        stranger.call("budgets")


def test_a_web_page_cannot_call_by_another_name(address: str):
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accepts = {"Accept": "application/json, text/event-stream"}
    for forged in ({"Host": "shop.example"}, {"Origin": "https://shop.example"}):
        answer = httpx2.post(address, json=body, headers=accepts | forged, trust_env=False)
        assert answer.status_code in (403, 421), forged


def test_others_than_this_machine_come_in_with_a_token_only():
    async def asked(header: dict[str, str]) -> int:
        transport = httpx2.ASGITransport(guarded(Starlette()))
        async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
            return (await client.post("/mcp", headers=header)).status_code

    assert asyncio.run(asked({})) == 401
    assert asyncio.run(asked({"Authorization": "Basic eDp5"})) == 401
    assert asyncio.run(asked({"Authorization": "Bearer x"})) == 404  # there is nothing behind it


def test_a_home_with_tokens_is_not_opened_to_callers_over_http(home: Path):
    cli(home, "token", "create", "someone", "--scope", "read")

    with (
        serving(home) as url,
        over_http(url) as stranger,
        pytest.raises(Refused, match="only a server checks them"),
    ):
        stranger.call("budgets")
