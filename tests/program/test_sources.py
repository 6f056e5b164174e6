"""Documents of several sources in one book: what one source does not tell is no other's silence."""

from pathlib import Path

from errorbudget.program.program import Program
from program.traffic import at, fed

ELSEWHERE = """
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: elsewhere
requests: {source: lake}
objectives:
  availability: {good: status < 500, target: 99.9%, window: {rolling: 7d}}
"""


def put(program: Program, text: str) -> None:
    program.objectives.put(text.encode(), Path("elsewhere.yaml"), now=at(0))


def test_a_source_that_nobody_configured_leaves_its_budget_unknown_and_the_others_known(
    tmp_path: Path,
) -> None:
    with fed(tmp_path, lambda _: (10, 1), days=1) as program:
        put(program, ELSEWHERE)

        book = program.budgets.book(program.objectives.all(), at=at(1))
        told = {one.document.name: one.budget for one in book.budgets(at(1))}

        assert told["elsewhere"].remaining is None
        assert told["elsewhere"].valid == 0
        assert told["shop"].valid == 11 * 1440
        assert told["shop"].bad == 1440
        assert "no source is called lake" in book.problems["elsewhere"]
