"""Documents to read: the example that comes with the program, altered word by word."""

from pathlib import Path

import pytest

from errorbudget.errors import DocumentInvalid
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.reading import read

CHECKOUT = (Path(__file__).parents[2] / "examples" / "checkout.yaml").read_text("utf-8")

SMALLEST = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: checkout
objectives:
  availability:
    good: status < 500
    target: 99.9%
    window: {rolling: 28d}
"""


def altered(*changes: tuple[str, str], text: str = CHECKOUT) -> str:
    """`text` with the first occurrence of each old phrase replaced by the new one."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def document(*changes: tuple[str, str], text: str = SMALLEST) -> ObjectiveDocument:
    return read(altered(*changes, text=text), file="checkout.yaml")


def problems(text: str | bytes) -> list[str]:
    """Each problem as `line: field: what`."""
    with pytest.raises(DocumentInvalid) as invalid:
        read(text, file="checkout.yaml")
    for line in invalid.value.lines:
        assert line.startswith("checkout.yaml:")
        assert line.isprintable()
    return [line.removeprefix("checkout.yaml:") for line in invalid.value.lines]


def line_of(phrase: str, text: str = CHECKOUT) -> int:
    return text[: text.index(phrase)].count("\n") + 1
