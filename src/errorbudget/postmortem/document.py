"""A postmortem as Markdown: sections the program keeps current, and text that is people's.

A section stands between two comments, `<!-- errorbudget:data NAME -->` or `errorbudget:human NAME`
and `<!-- /errorbudget:data -->`. All else is people's too, byte for byte, wherever it stands.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from errorbudget.errors import Failure

JUDGED: Final = {
    "root-cause": "the root cause",
    "went-well": "what went well",
    "actions": "the action items",
}
"""Sections that people must write before it can be published, as they are spoken of."""


class Kind(StrEnum):
    """Whose a piece of the document is."""

    DATA = "data"
    HUMAN = "human"
    TEXT = "text"
    """Outside of any section: people's."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One section, or the text before, between and after them."""

    kind: Kind
    name: str
    """Of text: the section that it follows; empty at the top."""
    text: str
    """Without the comments around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmortem:
    """A document in its pieces; written out it is what was read, byte for byte."""

    id: str
    version: int
    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        head = f"<!-- errorbudget:postmortem {self.id} version {self.version} -->"
        return head + "".join(map(_written, self.pieces))

    def section(self, name: str) -> str:
        """What a section says; empty where it is gone."""
        return next((one.text for one in self.pieces if one.name == name and _is_section(one)), "")

    def with_data(self, data: Mapping[str, str]) -> "Postmortem":
        """The same with what the program says now; sections that people removed stay removed."""
        kept = (
            replace(one, text=data[one.name]) if one.kind is Kind.DATA and one.name in data else one
            for one in self.pieces
        )
        return replace(self, pieces=tuple(kept))

    def with_sections(self, written: Mapping[str, str]) -> "Postmortem":
        """The same with what people wrote into these of their sections. Raises Failure."""
        for name, text in written.items():
            if _MARK.search(text):
                raise Failure(f"{name}: holds a comment `errorbudget:…`; those are the program's")
        kept = (
            replace(one, text=f"\n{written[one.name].strip()}\n")
            if one.kind is Kind.HUMAN and one.name in written
            else one
            for one in self.pieces
        )
        return replace(self, pieces=tuple(kept))

    @property
    def sections(self) -> list[tuple[Kind, str]]:
        """Its sections, in order."""
        return [(one.kind, one.name) for one in self.pieces if _is_section(one)]

    def replacing(self, name: str, text: str) -> "Postmortem":
        """The same with a section of people's, to the letter."""
        kept = (
            replace(one, text=text) if one.kind is Kind.HUMAN and one.name == name else one
            for one in self.pieces
        )
        return replace(self, pieces=tuple(kept))

    @property
    def unwritten(self) -> list[str]:
        """What people have yet to write before it can be published, in words."""
        return [words for name, words in JUDGED.items() if not spoken(self.section(name))]


_MARK: Final = re.compile(r"<!--\s*/?errorbudget:")
_HEAD: Final = re.compile(r"<!-- errorbudget:postmortem ([\w.@+-]+) version (\d{1,9}) -->")
_EDGE: Final = re.compile(r"<!-- (/?)errorbudget:(data|human)(?: ([a-z][a-z-]*))? -->")
COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)


def read(text: str, *, name: str) -> Postmortem:
    """The document that a text is. Raises Failure naming the line that cannot be read."""
    head = _HEAD.match(text)
    if head is None:
        raise Failure(
            f"{name}:1: does not begin with `<!-- errorbudget:postmortem ID version N -->`",
            "Put that line back as `errorbudget postmortem show ID` has it; nothing was changed.",
        )
    return Postmortem(id=head[1], version=int(head[2]), pieces=_pieces(text, head.end(), name))


def _pieces(text: str, start: int, name: str) -> tuple[Piece, ...]:
    pieces, open_, last, at = list[Piece](), None, "", start
    for edge in _EDGE.finditer(text, start):
        line = text.count("\n", 0, edge.start()) + 1
        closes, kind, section = bool(edge[1]), Kind(edge[2]), edge[3] or ""
        if closes != (open_ is not None) or (open_ and open_[0] is not kind):
            said = f"`{edge[0]}`" if open_ is None else f"`{edge[0]}` within {open_[1]}"
            raise _unreadable(name, line, f"{said} does not belong there")
        if not closes and (not section or any(one.name == section for one in _sections(pieces))):
            raise _unreadable(name, line, f"`{edge[0]}` names no section, or one that was before")
        between = text[at : edge.start()]
        if open_ is None:
            pieces.append(Piece(Kind.TEXT, last, between))
            open_ = kind, section
        else:
            pieces.append(Piece(open_[0], open_[1], between))
            open_, last = None, open_[1]
        at = edge.end()
    if open_ is not None:
        raise _unreadable(name, text.count("\n") + 1, f"section {open_[1]} has no end")
    rest = Piece(Kind.TEXT, last, text[at:])
    for one in (*pieces, rest):
        if stray := _MARK.search(one.text):
            line = text.count("\n", 0, text.index(one.text) + stray.start()) + 1
            raise _unreadable(name, line, "a comment `errorbudget:…` that cannot be read")
    return (*pieces, rest)


def _unreadable(name: str, line: int, what: str) -> Failure:
    return Failure(
        f"{name}:{line}: {what}",
        "Mend the comment as `errorbudget postmortem show ID` has it; the file stays as it is.",
    )


def _sections(pieces: Sequence[Piece]) -> list[Piece]:
    return [one for one in pieces if _is_section(one)]


def _is_section(one: Piece) -> bool:
    return one.kind is not Kind.TEXT


def _written(one: Piece) -> str:
    if one.kind is Kind.TEXT:
        return one.text
    return f"<!-- errorbudget:{one.kind} {one.name} -->{one.text}<!-- /errorbudget:{one.kind} -->"


def spoken(text: str) -> str:
    """What a text says to a reader: without comments and space."""
    return COMMENT.sub("", text).strip()
