"""What does a book keep accounts of beside its documents' own objectives?"""

from collections.abc import Callable, Sequence

from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.budgets.composites import composites
from errorbudget.program.budgets.part import Part
from errorbudget.program.budgets.pools import members


def parts(
    documents: Sequence[ObjectiveDocument],
    speaking: Callable[[str], ObjectiveDocument | None],
) -> list[Part]:
    """Members of pools, and composites; `speaking` knows the document that counts for a service."""
    names = {document.name for document in documents}
    found: list[Part] = []
    for document in documents:
        found += (one for one in members(document) if one.key not in names)
        found += composites(document, speaking)
    return found
