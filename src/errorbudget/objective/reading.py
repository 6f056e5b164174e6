"""What does an objective document say, and which lines of it cannot be used?"""

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from errorbudget.errors import DocumentInvalid
from errorbudget.objective.consistency import disagreements
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.layout import Layout, Problem, lay_out
from errorbudget.objective.wording import said

_NOBODYS: Final = ("example.com", "example.org", "example.net")


def read(text: str | bytes, *, file: str, kept: bool = False) -> ObjectiveDocument:
    """The document in `text`. Raises DocumentInvalid with a line for every problem in it.

    `kept`: it was taken before, perhaps by a version that refused less, and goes on as it did.
    """
    layout = lay_out(text) if isinstance(text, str) else _decoded(text)
    document: ObjectiveDocument | None = None
    if layout.value is not None:
        for path, what in disagreements(layout.value, kept=kept):
            layout.wrong(path, layout.line(path), what)
        try:
            document = ObjectiveDocument.model_validate(layout.value, context={"kept": kept})
        except ValidationError as invalid:
            layout.problems += _unusable(invalid, layout)
    if document is None or layout.problems:
        found = sorted(layout.problems, key=lambda problem: problem.line)
        raise DocumentInvalid(*dict.fromkeys(_line(problem, file) for problem in found))
    return document


def notes(document: ObjectiveDocument) -> dict[str, str]:
    """What nothing acts on yet of what the document states, by field: what happens instead."""
    return dict(_placeholders(document))


def _placeholders(document: ObjectiveDocument) -> Iterator[tuple[str, str]]:
    """Owners whom nobody has replaced yet: no person has an address there (RFC 2606)."""
    for role, people in document.owners.items():
        for one in people:
            if one.rpartition("@")[2] in _NOBODYS:
                yield (
                    f"owners.{role}",
                    f"{one} stands for a person and is none: put the name here that"
                    " allowed_signers has",
                )


def _decoded(text: bytes) -> Layout:
    try:
        return lay_out(text.decode())
    except UnicodeDecodeError as cause:
        layout = Layout()
        line = text.count(b"\n", 0, cause.start) + 1
        what = f"is not UTF-8 text: it holds the byte 0x{text[cause.start]:02X}; write plain YAML"
        layout.wrong((), line, what)
        return layout


def _unusable(invalid: ValidationError, layout: Layout) -> Iterator[Problem]:
    for error in invalid.errors(include_url=False):
        path = tuple(part for part in error["loc"] if not _is_internal(part))
        if not any(path[:length] in layout.unread for length in range(len(path) + 1)):
            yield Problem(path, layout.line(path), said(error))


def _is_internal(part: int | str) -> bool:
    """Whether part of a place names a choice of ours, not a field of the document."""
    return isinstance(part, str) and (part == "[key]" or part.startswith("("))


def _line(problem: Problem, file: str) -> str:
    field = ".".join(str(part) for part in problem.path) or "document"
    line = f"{file}:{problem.line}: {field}: {problem.what}"
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in line
    )
