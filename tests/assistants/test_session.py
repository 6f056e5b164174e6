"""An assistant goes from a proposal to a deploy; it hears what the command line says."""

import re
from collections.abc import Generator
from pathlib import Path

import pytest

from a_shop import AFTERWARDS, TUESDAY
from assistants.talking import Refused, Session, bare, cli, over_http, over_stdio, serving

SINCE, UNTIL = TUESDAY


@pytest.fixture(scope="module")
def session(shop_home: Path) -> Generator[Session]:
    with over_stdio(shop_home) as opened:
        yield opened


@pytest.fixture(scope="module")
def at_a_distance(shop_home: Path) -> Generator[Session]:
    with serving(shop_home) as url, over_http(url) as opened:
        yield opened


@pytest.mark.parametrize("way", ["session", "at_a_distance"])
def test_from_a_proposal_over_tuesdays_burn_to_the_gate(
    way: str, request: pytest.FixtureRequest, shop_home: Path
):
    session: Session = request.getfixturevalue(way)
    proposed = session.call("propose_objective", service="checkout", detail="full")
    spent = {"service": "checkout", "objective": "availability", "since": SINCE, "until": UNTIL}
    burnt = session.call("explain_burn", **spent, detail="full")
    asked = {"service": "checkout", "change": "checkout-2.15.0", "at": AFTERWARDS}
    may = session.call("ask_gate", **asked)

    told = cli(shop_home, "objective", "propose", "checkout")
    assert bare(proposed["data"])["commit"] == told["commit"]
    assert bare(proposed["data"])["evidence"]["days"] == told["evidence"]["days"]
    assert f"⟦\n{told['document']}⟧" in "\n".join(proposed["answer"])
    span = ("--from", SINCE, "--to", UNTIL)
    why = cli(shop_home, "explain", "checkout", "availability", *span)
    assert burnt["answer"][0] == f"⟦{why['headline']}⟧"
    assert bare(burnt["data"]) == [why]
    assert "route=/pay and version=2.14.0 and region=eu" in burnt["answer"][0]
    words = ("checkout", "--change", "checkout-2.15.0", "--at", AFTERWARDS, "--dry-run")
    decided = cli(shop_home, "gate", "check", *words)
    assert may["answer"][0] == f"{decided['decision']}: ⟦{decided['reason']}⟧"


def test_in_full_it_is_the_json_of_the_command_line(session: Session, shop_home: Path):
    full = {"at": AFTERWARDS, "detail": "full"}
    left = session.call("budgets", **full)["data"]
    cost = session.call(
        "forecast_feature", service="checkout", availability="99.5%", share="30%", **full
    )["data"]
    may = session.call("ask_gate", service="checkout", change="x", **full)["data"]
    quarter = session.call("review_quarter", service="ledger", quarter="2026Q3", **full)["data"]

    at = ("--at", AFTERWARDS)
    assert bare(left["budgets"]) == cli(shop_home, "budget", *at)
    assert bare(left["burn"]) == cli(shop_home, "burn", *at)
    planned = ("checkout", "--availability", "99.5%", "--share", "30%", *at)
    assert bare(cost) == cli(shop_home, "forecast", *planned)
    reviewed = cli(shop_home, "review", "ledger", "--quarter", "2026Q3", *at)
    assert bare(quarter)["services"][0]["objectives"] == reviewed["services"][0]["objectives"]
    decided = cli(shop_home, "gate", "check", "checkout", "--change", "x", "--dry-run", *at)
    moments = ("expires",)  # of the present, which has moved on
    assert {k: v for k, v in bare(may).items() if k not in moments} == {
        k: v for k, v in decided.items() if k not in moments
    }


def test_what_a_burn_cost_is_what_the_command_says(session: Session, shop_home: Path):
    span = {"since": "2026-07-21T14:00:00Z", "until": "2026-07-21T15:00:00Z", "at": UNTIL}
    asked = {"service": "checkout", "objective": "availability", **span}
    told = session.call("draft_postmortem", **asked, detail="full")

    words = ("checkout", "availability", "--from", span["since"], "--to", span["until"])
    assert bare(told["data"]) == cli(shop_home, "postmortem", "impact", *words, "--at", UNTIL)
    assert "of the quarter" in told["answer"][1]
    assert session.call("draft_postmortem", service="checkout")["answer"] == ["No postmortem yet."]


def test_a_short_answer_has_units_and_says_how_to_get_more(session: Session):
    told = session.call("budgets", service="checkout", at=AFTERWARDS)

    first = told["answer"][0]
    assert first.startswith("checkout availability 99.9%: ")
    assert "% left" in first
    assert "bad of" in first
    assert "requests" in first
    assert told["data"] is None
    assert 'detail="full"' in told["more"]


def test_without_an_objective_each_of_the_service_is_explained(session: Session):
    told = session.call("explain_burn", service="checkout", since=SINCE, until=UNTIL)

    assert [line.partition(":")[0] for line in told["answer"]] == [
        "⟦checkout availability",
        "⟦checkout latency",
    ]


def test_a_document_is_checked_where_it_stands(session: Session, shop_home: Path):
    text = session.read("errorbudget://documents/checkout").partition("⟦\n")[2].partition("\n⟧")[0]
    good = session.call("check_objective", document=text)
    assert good["answer"][0].startswith("good: ⟦checkout: availability 99.9%, latency 99%⟧")

    with pytest.raises(Refused, match=r"document\.yaml:\d+: objectives\.availability\.target"):
        session.call("check_objective", document=text.replace("99.9%", "199.9%"))


def test_a_document_can_be_replayed_over_history(session: Session):
    text = session.read("errorbudget://documents/checkout").partition("⟦\n")[2].partition("\n⟧")[0]
    told = session.call("check_objective", document=text, backtest=True, detail="full")

    assert told["data"]["alerts"]
    assert len(told["answer"]) > 2


def test_entries_are_read_by_their_number(session: Session, shop_home: Path):
    first = session.read("errorbudget://entries/1")

    assert '"kind": "objective"' in first
    for number in ("999999", "9" * 30, "²", "0", "x"):
        with pytest.raises(Refused, match=r"entries 1 to|number of an entry"):
            session.read(f"errorbudget://entries/{number}")


def test_what_nobody_knows_is_said_with_a_way_out(session: Session):
    with pytest.raises(Refused, match="nobody: no objective document"):
        session.call("budgets", service="nobody")
    with pytest.raises(Refused, match="RFC 3339"):
        session.call("budgets", at="tuesday")
    with pytest.raises(Refused, match="not a risk class"):
        session.call("ask_gate", service="checkout", change="x", risk="tiny")


def test_every_prompt_names_tools_that_there_are(session: Session):
    tools = {one.name for one in session.tools()}
    named = set[str]()
    for prompt in session.prompts():
        text = session.prompt(prompt, service="checkout")
        assert "⟦checkout⟧" in text
        words = set(re.findall(r"\b[a-z]+_[a-z]+\b", text)) | {"budgets"} & set(text.split())
        named |= words & tools
        assert words - tools <= {"permits_now"}, prompt
    assert {"propose_objective", "check_objective", "explain_burn", "ask_gate"} <= named


def test_what_is_wrong_is_said_by_the_names_of_the_arguments(session: Session):
    with pytest.raises(Refused, match="since") as refused:
        session.call(
            "explain_burn",
            service="checkout",
            objective="availability",
            since="2026-07-20T15:00:00Z",
            until="2026-07-20T14:00:00Z",
        )

    assert "--" not in str(refused.value)
