"""A document's own examples, judged by the engine that counts and the rules that classify."""

from collections.abc import Iterator
from pathlib import Path

from errorbudget.change import Diff, FileChange
from errorbudget.errors import DocumentInvalid
from errorbudget.objective.document import ChangeExample, ObjectiveDocument, RequestExample
from errorbudget.objective.examples import ChangedFiles
from errorbudget.objective.indicator import indicator, requests
from errorbudget.objective.layout import lay_out


def refuse_failing(document: ObjectiveDocument, body: bytes, file: Path) -> None:
    """Raise DocumentInvalid naming each example of a document that its criteria judge otherwise."""
    wrong = sorted([*_misjudged(document), *_misclassified(document)])
    if wrong:
        layout = lay_out(body.decode())
        raise DocumentInvalid(
            *(
                f"{file}:{layout.line(('examples', place))}: examples.{place}.{what}"
                for place, what in wrong
            )
        )


def _misjudged(document: ObjectiveDocument) -> Iterator[tuple[int, str]]:
    from errorbudget.source.duckdb.judging import judge

    examples = {
        place: example
        for place, example in enumerate(document.examples)
        if isinstance(example, RequestExample)
    }
    rows = [example.request for example in examples.values()]
    judged = judge(
        requests(document), {name: indicator(document, name) for name in document.objectives}, rows
    )
    for (place, example), found in zip(examples.items(), judged, strict=True):
        for objective, expected in example.expected.items():
            if found[objective] != expected:
                yield (
                    place,
                    f"{objective}: expected {expected}, but the criteria say {found[objective]};"
                    " change the one that is wrong",
                )


def _misclassified(document: ObjectiveDocument) -> Iterator[tuple[int, str]]:
    from errorbudget.policy.risk import classify

    for place, example in enumerate(document.examples):
        if isinstance(example, ChangeExample):
            found = classify(_diff(example.change), document.risk, None).risk_class
            if found != example.risk:
                yield (
                    place,
                    f"risk: expected {example.risk}, but the rules say {found};"
                    " change the one that is wrong",
                )


def _diff(change: ChangedFiles) -> Diff:
    """An example tells the lines of the whole change; which file has them does not matter."""
    lines = [change.lines, *(0 for _ in change.files[1:])]
    return Diff(
        base="",
        head="",
        files=tuple(
            FileChange(path=path, added=added, deleted=0)
            for path, added in zip(change.files, lines, strict=False)
        ),
    )
