"""A quarter reviewed from outside: real requests against plain SQL, and the page's commands."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import duckdb
from outside import Run
from test_first_path import IMAGES, IMAGES_MAP

Write = Callable[[str, str], Path]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "review-a-quarter.md"
CHECKOUT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: checkout
objectives:
  availability:
    good: status < 500
    target: 99%
    window: {calendar: quarter}
"""
QUARTER = """
    select
        count(*) filter (predict_status is not null),
        count(*) filter (predict_status is distinct from 'SUCCEED'),
        count(*)
    from read_csv($file)
"""


def test_real_requests_give_a_review_whose_numbers_are_those_of_plain_sql(
    run: Run, written: Write, shared_data: Path, home: Path
) -> None:
    file = shared_data / "genai-requests" / "lora_request_trace.csv"
    maps = [word for one in IMAGES_MAP for word in ("--map", one)]
    run("ingest", file, "--service", "images", *maps)
    run("objective", "apply", written("images.yaml", IMAGES))

    told = run("review", "images", "--quarter", "2024Q4", "--json").json
    printed = run("review", "images", "--quarter", "2024Q4").out

    (service,) = told["services"]
    availability, speed = service["objectives"]
    row = duckdb.execute(QUARTER, {"file": str(file)}).fetchone()
    assert row is not None
    assert (availability["valid"], availability["bad"]) == (row[2], row[1])
    for one in (availability, speed):
        assert sum(line["bad"] for line in one["account"]["lines"]) == one["bad"]
        assert f"{one['bad']:,} bad of" in printed
    with duckdb.connect(home / "warehouse.duckdb", read_only=True) as warehouse:
        for one in service["queries"]:
            if one["file"] == "warehouse.duckdb":
                found = [list(row) for row in warehouse.execute(one["sql"]).fetchall()]
                assert found == one["rows"]


def test_the_commands_of_the_page_run_as_they_stand(
    run: Run, written: Write, tmp_path: Path
) -> None:
    duckdb.execute(
        """
        copy (
            select time, 'checkout' as service, 200 as status
            from generate_series(
                timestamp '2026-06-01', timestamp '2026-10-01', interval 3 minutes
            ) as told (time)
        ) to $file (format parquet)
        """,
        {"file": str(tmp_path / "requests.parquet")},
    )
    run("ingest", tmp_path / "requests.parquet")
    run("objective", "apply", written("checkout.yaml", CHECKOUT))

    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL):
        for line in block.splitlines():
            ran = run(*shlex.split(line)[1:])
            assert (ran.code, "Traceback" in ran.err) == (0, False), (line, ran.err)

    assert (tmp_path / "reviews" / "review-2026Q3.md").read_text().startswith("# 2026Q3: 1 of 1")
    assert "<!doctype html>" in (tmp_path / "reviews" / "review-2026Q3.html").read_text()
    assert "# Review of 2026Q3: tighten 99% to" in (tmp_path / "next" / "checkout.yaml").read_text()


def test_what_cannot_be_reviewed_says_why_and_what_to_do(run: Run, written: Write) -> None:
    nowhere = run("review")
    run("objective", "apply", written("web.yaml", CHECKOUT.replace("checkout", "web")))
    slip = run("review", "web", "--quarter", "3Q26")

    assert (nowhere.code, nowhere.out) == (2, "")
    assert slip.err == "--quarter: '3Q26' is not a quarter; write one as in 2026Q3\n"
    assert run("review", "--out", "web.yaml").err == "web.yaml: File exists\n"
