"""What a plan would cost is worked out from what the service used of its budget."""

from collections.abc import Callable
from pathlib import Path

import pytest
from outside import Run

DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: web
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
"""


def test_a_plan_is_weighed_against_what_is_used_today(
    run: Run, written: Callable[[str, str], Path]
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
    assert run(*asked, "--availability", "99.9").code == 2
