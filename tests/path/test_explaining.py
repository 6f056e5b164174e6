"""What broke, from outside: as JSON, as text whose first line stands alone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from outside import Run

Write = Callable[[str, str], Path]

SHOP = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: shop
runbook: https://runbooks.example/shop
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
burn: {group_by: [route, region, attributes.cdn]}
"""


@pytest.fixture
def shop(run: Run, written: Write) -> None:
    """Two hours of requests; in the last half hour /pay fails in region eu for half of them."""
    rows = ["time,service,route,region,tenant,status,cdn"]
    for minute in range(120):
        for number in range(24):
            route, region = ("/pay", "/cart")[number % 2], ("eu", "us", "ap")[number % 3]
            fails = minute >= 90 and number % 12 == 0 and route == "/pay" and region == "eu"
            status = 500 if fails or (minute, number) == (30, 1) else 200
            time = f"2026-03-02T{12 + minute // 60}:{minute % 60:02}:{number:02}Z"
            told = (time, "shop", route, region, f"t{number % 8}", str(status), str(number % 5))
            rows.append(",".join(told))
    assert run("ingest", written("shop.csv", "\n".join(rows) + "\n")).code == 0
    assert run("objective", "apply", written("shop.yaml", SHOP)).code == 0


BURN = ("--from", "2026-03-02T13:30:00Z", "--to", "2026-03-02T14:00:00Z")


def test_a_burn_is_explained_by_where_it_is_and_whose(run: Run, shop: None) -> None:
    told = run("explain", "shop", "availability", *BURN, "--json").json

    first = told["where"][0]
    assert first["match"] == {"route": "/pay", "region": "eu"}
    assert first["n"] == 120
    assert first["rate"] == 0.5
    assert first["baseline_rate"] == 0
    assert first["share"] == pytest.approx(1, abs=0.05)
    assert (told["valid"], told["bad"]) == (720, 60)
    assert told["who"]["tenants"] == 8
    assert {"onset", "changes", "logs", "limits"} <= told.keys()


def test_the_first_line_stands_alone(run: Run, shop: None) -> None:
    first, *_ = run("explain", "shop", "availability", *BURN).out.splitlines()

    assert first == (
        "shop availability: 60 of 720 requests failed, 8.33x; most in route=/pay and region=eu"
    )


def test_without_a_time_it_is_the_current_burn(run: Run, shop: None) -> None:
    told = run("explain", "shop", "availability", "--at", "2026-03-02T14:00:00Z", "--json").json

    assert told["where"][0]["match"] == {"route": "/pay", "region": "eu"}


def test_a_quiet_time_has_no_attribute_that_stands_out(run: Run, shop: None) -> None:
    quiet = ("--from", "2026-03-02T12:20:00Z", "--to", "2026-03-02T12:50:00Z")
    told = run("explain", "shop", "availability", *quiet, "--json").json

    assert told["where"] == []
    assert told["first_move"] is None
    assert "No attribute stands out." in told["limits"]


def test_of_a_time_that_nothing_is_known_of_no_move_is_suggested(run: Run, shop: None) -> None:
    beyond = run("explain", "shop", "availability", "--at", "2026-03-03T14:00:00Z", "--json").json

    assert beyond["headline"] == "shop availability: nothing is known of this time"
    assert beyond["first_move"] is None
    assert beyond["limits"][0].startswith("Nothing is known of this time: its data reaches to 2026")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody", "availability"), "nobody: no objective document speaks for this service"),
        (("shop", "latency"), "shop: no objective 'latency'; write one of: availability"),
        (("shop", "availability", "--from", "soon"), "--from: 'soon' is not a time"),
        (
            ("shop", "availability", "--from", "2026-03-02T14:00Z", "--to", "2026-03-02T13:00Z"),
            "--to is not after --from",
        ),
    ],
)
def test_a_wrong_call_says_what_to_write(
    run: Run, shop: None, words: tuple[str, ...], said: str
) -> None:
    ran = run("explain", *words)

    assert ran.code == 2
    assert said in ran.err


def test_a_burn_is_handed_over_with_a_query_for_each_tool(run: Run, shop: None) -> None:
    told = run("handoff", "shop", "availability", *BURN).json
    sql = run("handoff", "shop", "availability", *BURN, "--query", "sql")

    assert (told["from"], told["to"]) == ("2026-03-02T13:30:00Z", "2026-03-02T14:00:00Z")
    assert told["services"] == ["shop"]
    tools = {"logql", "logql_by_id", "elasticsearch", "sql", "clickhouse"}
    assert told["queries"].keys() == tools
    assert sql.out.rstrip("\n") == told["queries"]["sql"]


def test_an_incident_is_declared_seen_to_written_about_and_closed(run: Run, shop: None) -> None:
    run("incident", "declare", "shop", "--title", "pay fails", "--by", "ana")
    run("incident", "acknowledge", "1", "--by", "ben")
    run("incident", "note", "1", "the pool is full", "--by", "ben")
    closed = run("incident", "close", "1", "--by", "ana").json
    shown = run("incident", "show", "1")

    assert (closed["acknowledged_by"], closed["ended_by"]) == ("ben", "ana")
    first, *lines = shown.out.splitlines()
    assert first.startswith("1  shop: pay fails (ana, over since ")
    assert [line.split("  ", 1)[1].strip() for line in lines] == [
        "opened       pay fails",
        "acknowledged ben sees to it",
        "note         ben: the pool is full",
        "closed       ana says that it is over",
    ]
    assert run("incident", "show", "7").code == 2
