"""Budgets by service and by team, against plain SQL over the same rows."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import duckdb
import orjson
from outside import Run

Write = Callable[[str, str], Path]

DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: {service}
labels: {labels}
exclude:
  - {{from: 2026-03-03T00:00:00Z, to: 2026-03-04T00:00:00Z, reason: maintenance}}
objectives:
  availability: {{good: status < 500, target: 90%, window: {{rolling: 7d}}}}
  latency: {{valid: status < 400, good: duration_ms <= 300, target: 80%, window: {{rolling: 3d}}}}
"""

ROWS = """
    select
        count(*),
        count(*) filter (status >= 500 or (status < 400 and duration_ms > 300))
    from read_ndjson($file)
    where service in {services} and not time::date = '2026-03-03'
"""


def traffic() -> str:
    random = Random(7)
    rows = [
        {
            "time": f"2026-03-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00Z",
            "service": random.choice(["cart", "pay", "mail"]),
            "status": random.choice([200, 200, 200, 404, 500]),
            "duration_ms": random.choice([20, 20, 900]),
        }
        for number in range(5 * 1440)
    ]
    return "".join(orjson.dumps(row).decode() + "\n" for row in rows)


def test_a_team_has_the_failing_requests_of_its_services_and_the_worst_of_their_budgets(
    run: Run, written: Write
) -> None:
    file = written("rows.ndjson", traffic())
    run("ingest", file)
    for service, labels in (("cart", "{team: buy}"), ("pay", "{team: buy}"), ("mail", "{}")):
        text = DOCUMENT.format(service=service, labels=labels)
        run("objective", "apply", written(f"{service}.yaml", text))
    at = ("--at", "2026-03-06T00:00:00Z")

    buying, rest = run("budget", "--by", "label:team", "--over", "28d", "--json", *at).json
    services = run("budget", "--by", "service", "--json", *at).json
    budgets = run("budget", "--json", *at).json
    shown = run("budget", "--by", "label:team", *at).out

    plain = [
        duckdb.execute(ROWS.format(services=names), {"file": str(file)}).fetchone()
        for names in ("('cart', 'pay')", "('mail')")
    ]
    assert [(one["valid"], one["failing"]) for one in (buying, rest)] == plain
    assert [one["group"] for one in (buying, rest)] == ["buy", None]
    assert [one["group"] for one in services] == ["cart", "mail", "pay"]
    assert sum(one["failing"] for one in services) == plain[0][1] + plain[1][1]
    least = min((one for one in budgets if one["service"] != "mail"), key=lambda o: o["remaining"])
    assert buying["worst"]["remaining"] == least["remaining"]
    assert buying["state"] == "spent"
    assert "(not labelled)" in shown


def test_what_cannot_be_grouped_by_is_said(run: Run, written: Write) -> None:
    run("ingest", written("rows.ndjson", traffic()))

    for words, said in (
        (("--by", "team"), "write service, or label:NAME as label:team"),
        (("--by", "service", "--over", "week"), 'over: is "week", not a duration'),
        (("cart", "--by", "service"), "leave cart out"),
    ):
        asked = run("budget", *words)
        assert asked.code == 2
        assert said in asked.err
