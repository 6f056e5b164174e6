"""Does a document bind yet, and whose signature does it wait for?"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from errorbudget.objective.document import ObjectiveDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class SignoffState:
    """Whether a document binds, and the roles that have yet to sign it."""

    state: Literal["binding", "unsigned"]
    missing: tuple[str, ...]


def state(
    new: ObjectiveDocument, in_force: ObjectiveDocument | None, signed_roles: Collection[str]
) -> SignoffState:
    """Whether `new` binds: the roles that it and the version in force require must have signed.

    Without either naming one, applying is enough. Otherwise an edit could drop the roles it needs.
    """
    before = in_force.signoff.required if in_force else ()
    required = tuple(dict.fromkeys((*new.signoff.required, *before)))
    missing = tuple(role for role in required if role not in signed_roles)
    return SignoffState(state="unsigned" if missing else "binding", missing=missing)
