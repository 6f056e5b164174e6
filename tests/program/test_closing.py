"""Late rows and corrections that change a window that is over are entries of the trail."""

from pathlib import Path
from typing import Any

from errorbudget.program.program import Program
from program.traffic import START, at, between, fed, rows


def opened(folder: Path) -> Program:
    """Three weeks of traffic from long ago, in calendar months, counted once."""
    program = fed(folder, lambda _: (1, 0), days=21)
    text = (folder / "shop.yaml").read_text().replace("rolling: 28d", "calendar: month")
    (folder / "shop.yaml").write_text(text)
    program.objectives.apply(folder / "shop.yaml", now=START)
    program.budgets.read(at=at(21))
    return program


def late(program: Program, folder: Path, day: int, bad: int) -> None:
    file = folder / f"late-{day}.ndjson"
    file.write_bytes(
        rows(at(day, "12:58"), at(day, "12:59"), between(START, START, (0, 0), (0, bad)))
    )
    program.requests.ingest(file)
    program.budgets.read(at=at(21))


def restated(program: Program) -> list[dict[str, Any]]:
    entries = (entry.fields() for entry in program.home.trail.entries())
    return [entry["body"] for entry in entries if entry["kind"] == "restatement"]


def test_the_first_count_of_a_month_restates_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as program:
        assert restated(program) == []


def test_late_rows_of_a_month_that_is_over_are_told_once_with_what_they_change(
    tmp_path: Path,
) -> None:
    with opened(tmp_path) as program:
        late(program, tmp_path, 5, bad=3)
        program.budgets.read(at=at(21))

        assert restated(program) == [
            {
                "name": "shop",
                "objective": "availability",
                "window": ["2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"],
                "from": "2026-03-07T12:58:00Z",
                "to": "2026-03-07T12:59:00Z",
                "valid": 3,
                "bad": 3,
            }
        ]
        program.audit.verify()


def test_another_reader_of_the_same_news_does_not_tell_it_again(tmp_path: Path) -> None:
    with opened(tmp_path) as program:
        theirs = program.budgets.book(program.objectives.all(), at=at(21))
        late(program, tmp_path, 6, bad=2)
        theirs.bring_to(at(21))

        assert [one["bad"] for one in restated(program)] == [2]


def test_a_rolling_window_has_nothing_to_restate(tmp_path: Path) -> None:
    with fed(tmp_path, lambda _: (1, 0), days=21) as program:
        program.budgets.read(at=at(21))
        late(program, tmp_path, 5, bad=3)

        assert restated(program) == []
