"""A document in PromQL, its budget, and what can be explained of its burn."""

from pathlib import Path

from errorbudget.program.budgets.book import Book
from errorbudget.program.budgets.budgets import Budgets
from errorbudget.program.budgets.held import HeldDays
from errorbudget.program.budgets.rollups import Rollups
from errorbudget.program.explaining.explaining import Explaining
from errorbudget.program.program import Program
from errorbudget.request import Receipt
from errorbudget.source.sources import Sources
from source.conftest import stage
from source.prometheus.conftest import START, UNTIL
from source.prometheus.test_counting import SHOP, TWIN, asking, document

BESIDE = TWIN.replace("service: shop", "services: [shop]\nname: rows")


def test_budgets_by_rows_and_by_counters_stand_in_one_book_and_agree(prometheus, rows, tmp_path):
    with (
        Program.open(tmp_path / "home", create=True) as program,
        asking(prometheus) as asked,
    ):
        stage(program.warehouse, "requests", rows)
        program.warehouse.add_requests(Receipt(feed="sender", key="1", position=0, line=0))
        source = Sources(program.warehouse, {"metrics": asked})
        book = Book(source, HeldDays(), [document(SHOP), document(BESIDE)])
        book.bring_to(UNTIL)

        budgets = {(one.document.name, one.objective): one.budget for one in book.budgets(UNTIL)}

        for name in ("availability", "latency"):
            counters, exact = budgets["shop", name], budgets["rows", name]
            assert (counters.valid, counters.bad) == (exact.valid, exact.bad)
            assert counters.remaining == exact.remaining
        assert book.problems == {}
        assert not book.is_behind


def test_a_burn_of_counters_is_explained_as_far_as_counters_tell(prometheus, tmp_path: Path):
    with (
        Program.open(tmp_path / "home", create=True) as program,
        asking(prometheus) as asked,
    ):
        program.objectives.put(SHOP.encode(), Path("shop.yaml"), now=START)
        source = Sources(program.warehouse, {"metrics": asked})
        budgets = Budgets(program.home, source, program.objectives)
        explaining = Explaining(source, budgets, program.home.changes)

        found = explaining.explain("shop", "availability", since=START, at=UNTIL)

        assert found.bad > 100
        assert [one.match for one in found.where] or "No attribute stands out." in found.limits
        assert "Counters tell how many requests there were, and not what was logged of them." in (
            found.limits
        )

        (group,) = Rollups(program.home, source, program.objectives, budgets).read(
            "service", at=UNTIL
        )
        whole = max(one.budget.bad for one in budgets.read(at=UNTIL))
        assert group.rollup.failing >= whole


def test_a_server_that_answers_no_more_leaves_what_was_counted(prometheus, tmp_path: Path):
    days = HeldDays()
    with (
        Program.open(tmp_path / "home", create=True) as program,
        asking(prometheus) as asked,
        asking("http://127.0.0.1:9") as gone,
    ):
        first = Book(Sources(program.warehouse, {"metrics": asked}), days, [document()])
        first.bring_to(UNTIL)
        (before, _) = first.budgets(UNTIL)
        book = Book(Sources(program.warehouse, {"metrics": gone}), days, [document()])
        book.bring_to(UNTIL)
        (after, _) = book.budgets(UNTIL)

        assert before.budget.bad == after.budget.bad > 100
        assert before.budget.as_of is not None
        assert after.budget.as_of is None
        assert "Prometheus: " in book.problems["shop"]
