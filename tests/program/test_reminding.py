"""A date to revisit a document that has passed is told, once a month, and shown with its budget."""

from datetime import timedelta
from pathlib import Path

from program.traffic import START, at, fed

DAYS = 3
REVISIT = "signoff: {revisit: 2026-03-03}\nnotify: [team]\n"


def steady(_minute: int) -> tuple[int, int]:
    return (1, 0)


def test_an_overdue_document_is_told_once_a_month_whatever_restarts(tmp_path: Path) -> None:
    with fed(tmp_path, steady, days=DAYS, more=REVISIT) as program:
        watch = program.watch()
        told = [one for hours in (30, 47) for one in watch.tick(START + timedelta(hours=hours))]
        assert [one.title for one in told if one.level == "info"] == []

        told = [one for hours in (49, 50, 60) for one in watch.tick(START + timedelta(hours=hours))]
        program.watch().tick(START + timedelta(hours=61))
        (first,) = (one for one in told if one.level == "info")
        for day in (20, 30, 33, 40):
            watch.tick(at(day))
        recorded = [one for one in program.home.alerts.told() if one.level == "info"]

    assert first.title == "shop: look at its objectives again, it was due on 2026-03-03"
    assert first.lines[0].startswith("The document was due yesterday, on 2026-03-03; still in")
    assert first.kind == "note"
    # Two months: the first day, and 30 days after the date. Telling again makes the same ids.
    assert len(recorded) == 2


def test_a_budget_says_that_its_document_is_overdue(tmp_path: Path) -> None:
    with fed(tmp_path, steady, days=DAYS, more=REVISIT) as program:
        (before,) = program.budgets.read(at=at(1, "12:00"))
        (after,) = program.budgets.read(at=at(2, "12:00"))

    assert before.as_dict()["overdue"] is None
    assert after.as_dict()["overdue"].startswith("was due yesterday, on 2026-03-03; still in force")
