"""What a person sees of a budget that allows few failures."""

from collections.abc import Callable
from pathlib import Path

import orjson
from outside import Run

Write = Callable[[str, str], Path]

LEDGER = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: ledger
objectives:
  availability: {good: status < 500, target: 99%, window: {calendar: quarter}}
policy:
  bands:
    - {above: 50%, allow: [rollback, critical, low, normal, high]}
    - {above: -inf, allow: [rollback, critical]}
"""


def rows(count: int, failed: dict[int, str]) -> str:
    """So many requests, evenly over the first quarter of 2026; some of them failed."""
    lines: list[bytes] = []
    for number in range(count):
        minutes = number * 90 * 1440 // count
        day, minute = divmod(minutes, 1440)
        month, date = (1, day) if day < 31 else (2, day - 31) if day < 59 else (3, day - 59)
        row = {
            "time": f"2026-{month:02}-{date + 1:02}T{minute // 60:02}:{minute % 60:02}:00Z",
            "service": "ledger",
            "route": "/post",
            "status": 500 if number in failed else 200,
            "tenant": failed.get(number, "t-other"),
            "trace_id": f"trace-{number}",
        }
        lines.append(orjson.dumps(row))
    return b"\n".join(lines).decode() + "\n"


def test_a_handful_of_failures_is_counted_and_a_single_one_is_looked_at(
    run: Run, written: Write
) -> None:
    run("ingest", written("ledger.ndjson", rows(330, {5: "t-acme", 9: "t-\x1b[31mred"})))
    run("objective", "apply", written("ledger.yaml", LEDGER))
    at = ("--at", "2026-03-31T23:59:00Z")

    (told,) = run("budget", "--json", *at).json
    shown = run("budget", *at).out
    burning = run("burn", *at).out
    decided = run("gate", "check", "ledger", "--change", "c1", "--json", *at).json
    failed = run("failed", "ledger", *at).out

    assert told["meaning"]["words"] == "coarse: 2 of 3.3 allowed failures"
    assert (told["meaning"]["needs"], told["meaning"]["has"]) == (1000, 330)
    for text in (shown, burning):
        assert "1.3 of 3.3" in text
        assert "99% over a quarter needs 1,000 requests to allow 10 failures" in text
    assert "(coarse: 2 of 3.3 allowed failures)" in decided["reason"]
    assert "tenant=t-acme" in failed
    assert "\x1b" not in failed


def test_of_one_or_two_allowed_failures_each_is_shown_unasked(run: Run, written: Write) -> None:
    run("ingest", written("ledger.ndjson", rows(150, {7: "t-acme"})))
    run("objective", "apply", written("ledger.yaml", LEDGER))

    shown = run("budget", "--at", "2026-03-31T23:59:00Z").out

    assert "look at each failure: 1 of 1.5 allowed" in shown
    assert "route=" not in shown
    assert "/post 500 service=ledger tenant=t-acme id=trace-7" in shown


def test_an_objective_that_is_not_there_is_said(run: Run, written: Write) -> None:
    run("ingest", written("ledger.ndjson", rows(5, {})))
    run("objective", "apply", written("ledger.yaml", LEDGER))

    asked = run("failed", "ledger", "latency")

    assert asked.code == 2
    assert "latency: no objective of ledger; they are availability" in asked.err
