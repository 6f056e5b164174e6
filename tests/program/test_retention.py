"""Old requests go, what was counted of them stays, and what cannot be counted any more is said."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from errorbudget.program.budgets.part import whole
from errorbudget.program.program import Program
from errorbudget.store.tallies import Extent
from program.traffic import at, document, fed, rows

NOW = at(10, "12:00")
KEPT = timedelta(days=4)
FIRST_KEPT = at(6)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Program]:
    with fed(tmp_path, lambda _: (9, 1), days=10) as program:
        yield program


def pruned(program: Program) -> dict[str, object]:
    return program.retention.prune(requests=KEPT, logs=None, now=NOW)


def test_counts_stay_when_their_requests_go(shop: Program) -> None:
    (before,) = shop.budgets.read(at=NOW)

    told = pruned(shop)

    (after,) = shop.budgets.read(at=NOW)
    assert told["requests"] == 6 * 1440 * 10
    assert after.budget == before.budget
    entries = [entry.fields()["kind"] for entry in shop.home.trail.entries()]
    assert entries[-1] == "retention"


def test_what_was_set_aside_goes_with_the_days_it_came_on(shop: Program) -> None:
    shop.home.rejected.mkdir(exist_ok=True)
    days = (FIRST_KEPT - timedelta(days=1), FIRST_KEPT)
    names = [f"{of}-{day:%Y-%m-%d}.ndjson" for of in ("posted", "otlp-logs") for day in days]
    for name in (*names, "access.log-0123456789ab.ndjson"):
        (shop.home.rejected / name).write_text("{}")

    pruned(shop)

    left = sorted(file.name for file in shop.home.rejected.iterdir())
    assert left == sorted([names[1], names[3], "access.log-0123456789ab.ndjson"])


def test_budgets_that_nobody_asked_for_are_counted_before_requests_go(shop: Program) -> None:
    pruned(shop)

    (standing,) = shop.budgets.read(at=NOW)
    assert (standing.budget.valid, standing.budget.bad) == (144_000, 14_400)


def test_dropping_again_drops_nothing_more(shop: Program) -> None:
    pruned(shop)
    size = shop.home.trail.size()

    assert pruned(shop)["requests"] == 0
    assert shop.home.trail.size() == size


def test_an_edited_criterion_says_that_it_knows_only_what_is_kept(
    shop: Program, tmp_path: Path
) -> None:
    pruned(shop)
    edited = document(tmp_path)
    edited.write_text(edited.read_text().replace("status < 500", "status < 400"))
    shop.objectives.apply(edited, now=NOW)

    (standing,) = shop.budgets.read(at=NOW)

    assert standing.budget.valid == 4 * 1440 * 10
    assert standing.budget.coverage == pytest.approx(4 / 10.5)


def test_rows_of_a_time_that_is_gone_are_set_aside_and_change_no_count(
    shop: Program, tmp_path: Path
) -> None:
    pruned(shop)
    late = tmp_path / "late.ndjson"
    since = FIRST_KEPT - timedelta(minutes=1)
    late.write_bytes(rows(since, FIRST_KEPT + timedelta(minutes=1), lambda _: (0, 5)))

    report = shop.requests.ingest(late)

    assert (report.stored, report.rejected) == (5, 5)
    assert report.rejected_file
    assert "no longer kept" in report.rejected_file.read_text()
    (standing,) = shop.budgets.read(at=NOW)
    assert standing.budget.bad == 14_400 + 5


def test_a_version_that_comes_back_says_what_it_missed(shop: Program, tmp_path: Path) -> None:
    original = document(tmp_path)
    text = original.read_text()
    shop.budgets.read(at=NOW)
    original.write_text(text.replace("status < 500", "status < 400"))
    shop.objectives.apply(original, now=NOW)
    missed = tmp_path / "missed.ndjson"
    missed.write_bytes(rows(at(2), at(2, "00:01"), lambda _: (0, 7)))
    shop.requests.ingest(missed)
    pruned(shop)

    original.write_text(text)
    shop.objectives.apply(original, now=NOW)

    (standing,) = shop.budgets.read(at=NOW)
    assert standing.budget.coverage == pytest.approx(4 / 10.5)


COUNTERS = b"""\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: elsewhere
requests: {source: metrics}
objectives:
  availability:
    prometheus: {bad: 'failed_total', valid: 'requests_total'}
    target: 99%
    window: {rolling: 28d}
"""


def test_what_another_source_counts_is_left_to_it(shop: Program) -> None:
    shop.objectives.put(COUNTERS, Path("elsewhere.yaml"), now=NOW)
    document = shop.objectives.observing("elsewhere")
    assert document is not None
    series = whole(document).series("availability")
    counted = Extent(batch=29_000_000, from_minute=28_000_000)
    shop.home.tallies.replace_days(series, {}, extent=counted)

    pruned(shop)

    assert shop.home.tallies.counted(series) == counted
