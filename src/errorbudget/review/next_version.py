"""The next version of a document: the same bytes with other targets, each with its evidence."""

import re
import textwrap
from collections.abc import Mapping
from typing import Final

from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.layout import lay_out
from errorbudget.objective.reading import read
from errorbudget.review.recalibration import Recalibration

_WIDTH: Final = 100


def next_version(
    body: bytes, changed: Mapping[str, Recalibration], quarter: str, name: str
) -> bytes:
    """The document's bytes with these objectives' targets replaced and said why, to be signed.

    Everything else stays as its authors wrote it. Raises ValueError where a target stands so that
    it cannot be replaced without touching what is beside it.
    """
    lines = body.decode().split("\n")
    layout = lay_out(body.decode())
    places = {one: layout.line(("objectives", one, "target")) - 1 for one in changed}
    if len(set(places.values())) < len(places):
        raise ValueError(f"{name}: several targets stand on one line; write each on its own")
    for objective, at in sorted(places.items(), key=lambda place: -place[1]):
        advice = changed[objective]
        lines[at] = _replaced(lines[at], advice, f"{name}:{at + 1}: objectives.{objective}.target")
        lines[at:at] = _why(lines[at], advice, quarter)
    written = "\n".join(lines).encode()
    _check(read(body, file=name), read(written, file=name), changed)
    return written


def _replaced(line: str, advice: Recalibration, place: str) -> str:
    new, found = re.subn(
        r"(\btarget[\"']?\s*:\s*[\"']?)[0-9.]+(\s*%)?",
        lambda written: f"{written[1]}{advice.next}",
        line,
    )
    if found != 1:
        raise ValueError(f"{place}: does not stand alone on its line; change it by hand")
    return new


def _why(line: str, advice: Recalibration, quarter: str) -> list[str]:
    indent = line[: len(line) - len(line.lstrip())]
    told = f"Review of {quarter}: {advice.sentence}. {' '.join(advice.evidence)}"
    start = f"{indent}# "
    return textwrap.wrap(
        told,
        width=_WIDTH,
        initial_indent=start,
        subsequent_indent=start,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _check(
    before: ObjectiveDocument, after: ObjectiveDocument, changed: Mapping[str, Recalibration]
) -> None:
    """That nothing but these targets became another."""
    wanted = {
        name: one.model_copy(update={"target": changed[name].next}) if name in changed else one
        for name, one in before.objectives.items()
    }
    if before.model_copy(update={"objectives": wanted}) != after:
        raise ValueError(f"{before.name}: its target could not be replaced alone; do it by hand")
