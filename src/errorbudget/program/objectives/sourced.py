"""Is the source that a document names one that its requests can be read from?"""

from collections.abc import Collection, Iterator
from pathlib import Path

from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.layout import lay_out
from errorbudget.source.sources import EMBEDDED


def unknown_source(
    document: ObjectiveDocument, body: bytes, file: Path, known: Collection[str]
) -> Iterator[str]:
    """A line that says where and what, unless a document's source is one of the `known`."""
    named = document.requests.source
    if named not in {EMBEDDED, *known}:
        yield (
            f"{_place(body, file)}: no source is called {named}; there are"
            f" {', '.join((EMBEDDED, *known))}: name it under `sources` in the configuration"
            " (ERRORBUDGET_CONFIG), or write one of these"
        )


def unchecked_source(document: ObjectiveDocument, body: bytes, file: Path) -> Iterator[str]:
    """A line for where no configuration tells which sources there are."""
    named = document.requests.source
    if named != EMBEDDED:
        yield (
            f"{_place(body, file)}: whether the server has a source {named} was not checked;"
            " set ERRORBUDGET_CONFIG to its configuration to know"
        )


def _place(body: bytes, file: Path) -> str:
    return f"{file}:{lay_out(body.decode()).line(('requests', 'source'))}: requests.source"
