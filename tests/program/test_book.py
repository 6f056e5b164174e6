"""The books of two readers of one home."""

from pathlib import Path

from errorbudget.program.budgets.book import Book
from errorbudget.program.program import Program
from program.traffic import START, at, between, fed, rows


def taken_in(program: Program, folder: Path, day: int, clock: str, bad: int) -> None:
    file = folder / f"{day}-{clock.replace(':', '')}.ndjson"
    moment = at(day, clock)
    file.write_bytes(
        rows(moment, at(day, clock[:3] + "59"), between(START, START, (0, 0), (0, bad)))
    )
    program.requests.ingest(file)


def bad_of(book: Book, day: int) -> int:
    (standing,) = book.budgets(at(day))
    return standing.budget.bad


def test_a_book_reads_what_another_one_counted_first(tmp_path: Path) -> None:
    with fed(tmp_path, lambda _: (1, 0), days=3) as program:
        ours, theirs = (program.budgets.book(program.objectives.all(), at=at(3)) for _ in range(2))
        taken_in(program, tmp_path, 1, "12:58", bad=5)
        theirs.bring_to(at(3))
        taken_in(program, tmp_path, 2, "12:58", bad=2)
        theirs.bring_to(at(3))

        assert bad_of(ours, 3) == 0
        assert ours.bring_to(at(3))
        assert bad_of(ours, 3) == bad_of(theirs, 3) == 7


def test_days_that_were_counted_ahead_are_read_when_time_gets_there(tmp_path: Path) -> None:
    with fed(tmp_path, lambda _: (1, 1), days=5) as program:
        book = program.budgets.book(program.objectives.all(), at=at(1))
        before = bad_of(book, 1)
        book.bring_to(at(4))

        assert (before, bad_of(book, 4)) == (1440, 4 * 1440)
