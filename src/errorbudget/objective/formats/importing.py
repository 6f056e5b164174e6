"""Which tool wrote a file, and what of it becomes a document of ours?"""

from collections.abc import Callable
from typing import Final

from errorbudget.errors import Failure
from errorbudget.objective.formats import openslo, pyrra, slo_generator, sloth
from errorbudget.objective.formats.foreign import Node, documents
from errorbudget.objective.formats.imported import Import, Imported

Taking = Callable[[Import, list[Node]], None]

FORMATS: Final[dict[str, Taking]] = {
    "openslo": openslo.take,
    "sloth": sloth.take,
    "pyrra": pyrra.take,
    "slo-generator": slo_generator.take,
}


def imported(
    text: str, format_: str, *, file: str, service: str = "", window: str = "", strict: bool = False
) -> Imported:
    """The documents of a file that another tool wrote, and what of it they do not hold.

    Objectives that name no service are of `service`; those without a window get the rolling
    `window`. Raises DocumentInvalid, located; with `strict` for any difference.
    """
    if format_ not in FORMATS:
        raise Failure(f"--from {format_}: write one of {', '.join(FORMATS)}")
    found = Import(file, service=service, window=window)
    FORMATS[format_](found, documents(text, file))
    return found.finished(strict=strict)
