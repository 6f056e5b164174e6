"""What a plan would cost is worked out from what the service used of its budget."""

from collections.abc import Callable
from pathlib import Path

import pytest
from outside import Run

from web.served import serve

DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: web
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
"""


def test_a_plan_is_weighed_against_what_is_used_today(
    run: Run, home: Path, written: Callable[[str, str], Path]
):
    rows = (
        f'{{"time":"2026-09-0{1 + n // 200}T10:{n % 60:02}:00Z","service":"web",'
        f'"status":{500 if n % 250 == 0 else 200}}}\n'
        for n in range(1000)
    )
    run("ingest", written("rows.ndjson", "".join(rows)))
    run("objective", "apply", written("web.yaml", DOCUMENT))
    asked = ("forecast", "web", "--share", "50%", "--at", "2026-09-06T00:00:00Z")

    (heavy,) = run(*asked, "--availability", "98%", "--json").json
    (light,) = run(*asked, "--availability", "0.999", "--json").json

    assert (heavy["used"], heavy["fits"], light["fits"]) == (0.4, False, True)
    assert heavy["cost"] == pytest.approx(0.5 * 0.996 * 0.02 / 0.01)
    assert heavy["needs"]["availability"] == pytest.approx(1 - 0.006 / (0.5 * 0.996))
    assert "it does not fit. It would have to work 98.8% of the time" in heavy["sentence"]
    wrong = run(*asked, "--availability", "99.9")
    assert (wrong.code, wrong.err) == (
        2,
        "availability: 99.9 is not from 0% to 100%; write it as 99.5% or 0.995\n",
    )
    late = run("forecast", "web", "--share", "1", "--availability", "99%", "--at", "2026-11-01")
    assert "no request counts in this window; the newest is from 2026-09-05T10:59:00" in late.out

    with serve(home) as server:
        query = {"service": "web", "share": "50%", "at": "2026-09-06T00:00:00Z"}
        assert server.get("/api/v1/forecast", **query, availability="98%") == [heavy]
        answer = server.client.get("/api/v1/forecast", params=query | {"availability": "2"})
        assert answer.status_code == 400
        assert "availability: 2 is not from 0% to 100%" in answer.text
