"""Does a document bind yet, and whose signature does it wait for?"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from errorbudget.objective.document import ObjectiveDocument

NAMESPACE: Final = "errorbudget-objective@v1"
"""What a signature over a document is made for, so that one made for anything else is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Somebody's word on the exact bytes of one version, in a role."""

    role: str
    principal: str
    key: str
    """The fingerprint of the key."""

    def __str__(self) -> str:
        return f"{self.role} by {self.principal}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A signature that is not there yet: any one of the owners may give it."""

    role: str
    owners: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.role} ({' or '.join(self.owners)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignoffState:
    """Whether a document binds, and what it waits for until it does."""

    state: Literal["binding", "unsigned"]
    waits: tuple[Wait, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The roles that have yet to sign."""
        return tuple(dict.fromkeys(wait.role for wait in self.waits))


def state(
    new: ObjectiveDocument,
    in_force: ObjectiveDocument | None,
    signatures: Collection[Signature],
) -> SignoffState:
    """Whether `new` binds: by its own rule, and by that of the version in force.

    Each version's required roles must have been signed by somebody whom that version names for the
    role. So an edit can neither drop a role, nor hand it to somebody else, nor lock it: whoever
    could agree to the old version agrees to the new one. Where neither requires one, applying is
    enough. One person who is named for two roles may sign both; one key is one person.
    """
    counted = tuple(_by_one_person_each(signatures))
    wanted = [*_required(in_force), *_required(new)] if in_force else [*_required(new)]
    waits = tuple(dict.fromkeys(wait for wait in wanted if not _is_met(wait, counted)))
    return SignoffState(state="unsigned" if waits else "binding", waits=waits)


def owners(role: str, *versions: ObjectiveDocument | None) -> tuple[str, ...]:
    """Everybody whose signature in a role any of the versions would count."""
    named = (who for version in versions if version for who in version.owners.get(role, ()))
    return tuple(dict.fromkeys(named))


def revisiting(document: ObjectiveDocument, today: date) -> str | None:
    """What to say of a document whose date to revisit it has passed; None before."""
    due = document.signoff.revisit
    if due is None or today <= due:
        return None
    late = (today - due).days
    ago = "yesterday" if late == 1 else f"{late} days ago"
    return f"was due {ago}, on {due}; still in force: look at it again, and sign a new date"


def _required(document: ObjectiveDocument) -> Iterator[Wait]:
    for role in document.signoff.required:
        yield Wait(role=role, owners=document.owners[role])


def _is_met(wait: Wait, signatures: Collection[Signature]) -> bool:
    return any(one.role == wait.role and one.principal in wait.owners for one in signatures)


def _by_one_person_each(signatures: Collection[Signature]) -> Iterator[Signature]:
    """The signatures without those of a key that signs under a second name."""
    names = dict[str, str]()
    for one in signatures:
        if names.setdefault(one.key, one.principal) == one.principal:
            yield one
