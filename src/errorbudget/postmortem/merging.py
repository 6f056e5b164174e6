"""Two people and the program wrote at once: one text of all three, in which nothing is lost."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise

from errorbudget.postmortem.document import Kind, Piece, Postmortem

_Key = tuple[Kind, str]
_Edit = tuple[int, int, tuple[str, ...]]
"""Lines of what both began with, and what stands there now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What came of it, and what a person should look at."""

    document: Postmortem
    told: tuple[str, ...]


def merge(base: Postmortem, mine: Postmortem, theirs: Postmortem, *, by: str) -> Merged:
    """Both sides' text on what both began with; data is `theirs`, which the program keeps current.

    Where both wrote the same lines anew, both stay, one after the other, and that is told. What
    somebody wrote into a section of the program is kept below it. A section that one side removed
    stays removed, unless the other wrote into it.
    """
    frame, other = (mine, theirs) if theirs.sections == base.sections else (theirs, mine)
    began, ours, there = (_by_key(one) for one in (base, mine, theirs))
    told, merged, stray = list[str](), list[Piece](), ""
    for piece in frame.pieces:
        key = piece.kind, piece.name
        if piece.kind is Kind.DATA:
            text = there.get(key, piece.text)
            stray = _added(began.get(key, text), ours.get(key, text), text)
            if stray:
                told.append(f"{piece.name} is the program's: what {by} wrote there stands below it")
        else:
            text, both = _together(*(one.get(key, "") for one in (began, ours, there)), by=by)
            if both:
                where = piece.name or "the top"
                told.append(f"{where}: {by} and somebody else changed the same lines; both stand")
            if stray and piece.kind is Kind.TEXT:
                text, stray = f"\n\n{stray}{text}", ""
        merged.append(replace(piece, text=text))
    left = list(_left(frame, other, began))
    told += [
        f"{one.name or 'the top'}: was removed, and changed at once; it is kept" for one in left
    ]
    pieces = (*merged, *left)
    return Merged(document=replace(theirs, pieces=pieces), told=tuple(told))


def _by_key(document: Postmortem) -> Mapping[_Key, str]:
    return {(one.kind, one.name): one.text for one in document.pieces}


def _left(frame: Postmortem, other: Postmortem, began: Mapping[_Key, str]) -> list[Piece]:
    """What only the other side has, unless it is what both began with, or the program's."""
    known = _by_key(frame)
    return [
        one
        for one in other.pieces
        if (key := (one.kind, one.name)) not in known
        and one.kind is not Kind.DATA
        and one.text.strip()
        and one.text != began.get(key)
    ]


def _added(base: str, mine: str, theirs: str) -> str:
    """Lines that somebody put into a section that is not theirs, paragraphs kept apart."""
    known = {*base.splitlines(), *theirs.splitlines()}
    lines = (line if line.strip() else "" for line in mine.splitlines())
    kept = "\n".join(line for line in lines if not line or line not in known)
    return re.sub(r"\n{3,}", "\n\n", kept).strip("\n")


def _together(base: str, mine: str, theirs: str, *, by: str) -> tuple[str, bool]:
    """One text of two, and whether both changed the same lines."""
    if mine in (base, theirs):
        return theirs, False
    if theirs == base:
        return mine, False
    old = base.splitlines(keepends=True)
    own = _edits(old, mine)
    others = [edit for edit in _edits(old, theirs) if edit not in own]
    edits = sorted([(edit, 0) for edit in others] + [(edit, 1) for edit in own], key=_order)
    if any(one[1] != other[1] and other[0][0] < one[0][1] for one, other in pairwise(edits)):
        return _one_after_the_other(base, mine, theirs, by), True
    out, at = list[str](), 0
    for (start, end, lines), _ in edits:
        out += [*old[at:start], *lines]
        at = max(at, end)
    return "".join([*out, *old[at:]]), False


def _order(edit: tuple[_Edit, int]) -> tuple[int, int, int]:
    (start, end, _), side = edit
    return start, end, side


def _edits(old: Sequence[str], text: str) -> list[_Edit]:
    new = text.splitlines(keepends=True)
    found = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(i, j, tuple(new[k:m])) for tag, i, j, k, m in found if tag != "equal"]


def _one_after_the_other(base: str, mine: str, theirs: str, by: str) -> str:
    """The other's text, and what is new in mine after it."""
    new = _added(base, mine, theirs)
    who = by.replace("--", "–").replace(">", "")
    return f"{theirs.rstrip()}\n\n<!-- and as {who} wrote at the same time -->\n{new}\n"
