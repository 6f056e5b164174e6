"""What is a piece of an expression, and which pieces fit together?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from errorbudget.objective.refusal import CriterionRefused

PieceKind = Literal["text", "integer", "number", "boolean", "time", "map", "null"]

NAMES: Final[dict[PieceKind, str]] = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "time": "a moment",
    "map": "a map",
    "null": "NULL",
}
"""What a kind is called to a person."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an expression, written for the engine; one operand wherever it is put."""

    sql: str
    kind: PieceKind
    predicate: bool = False
    """A comparison without parentheses, which readers and engines disagree on inside another."""
    literal: str | None = None
    """What a text literal says."""


def quoted(text: str, mark: str = "'") -> str:
    """`text` between marks; a mark inside is doubled, the one escape that standard SQL has."""
    return f"{mark}{text.replace(mark, mark * 2)}{mark}"


def attempt(sql: str) -> str:
    """`sql`, NULL for the rows where it fails: a division by zero, an overflow."""
    return f"TRY({sql})"


def fits(piece: Piece, kind: PieceKind) -> bool:
    """Whether `piece` may stand where `kind` is asked for."""
    return piece.kind in (kind, "null") or (kind == "number" and piece.kind == "integer")


def demand(piece: Piece, kind: PieceKind, place: str) -> None:
    """Raise CriterionRefused unless `piece` may stand at `place`, where `kind` is asked for."""
    if not fits(piece, kind):
        raise CriterionRefused(
            f"gives {place} {NAMES[piece.kind]}; it takes {NAMES[kind]}{_way_out(piece)}"
        )


def common(pieces: Sequence[Piece], place: str) -> PieceKind:
    """The one kind that all `pieces` are. Raises CriterionRefused when they differ."""
    kinds: set[PieceKind] = {piece.kind for piece in pieces if piece.kind != "null"}
    if kinds == {"integer", "number"}:
        return "number"
    if len(kinds) > 1:
        names = " with ".join(NAMES[kind] for kind in sorted(kinds))
        raise CriterionRefused(
            f"mixes {names} in {place}; CAST one of them, or correct the literal"
        )
    return kinds.pop() if kinds else "null"


def compared(pieces: Sequence[Piece], sign: str) -> None:
    """Raise CriterionRefused unless the `pieces` can be compared, and are compared as they read."""
    if any(piece.kind == "null" for piece in pieces):
        raise CriterionRefused(
            f"uses NULL with {sign}, which is never true; write IS NULL or IS NOT NULL"
        )
    if any(piece.predicate for piece in pieces):
        raise CriterionRefused(
            f"puts one comparison inside another ({sign}); write parentheses around it"
        )
    common(pieces, sign)


def _way_out(piece: Piece) -> str:
    return ", so CAST it" if piece.kind in ("text", "number", "integer") else ""
