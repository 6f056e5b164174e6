"""What became of a document that was applied, as JSON and as a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from errorbudget.objective.signoff import Signature, Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a document that was applied."""

    name: str
    digest: str
    state: str
    waits: tuple[Wait, ...]
    signatures: tuple[Signature, ...]
    """Those that count."""
    refused: tuple[str, ...]
    """A line for each signature that does not, naming its file and the reason."""
    in_force: str | None
    """The digest of the version that binds now."""
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The outcome as JSON has it."""
        return {
            "service": self.name,
            "digest": self.digest,
            "state": self.state,
            "missing": list(dict.fromkeys(wait.role for wait in self.waits)),
            "waits": [{"role": one.role, "owners": list(one.owners)} for one in self.waits],
            "signatures": [
                {"role": one.role, "principal": one.principal, "key": one.key}
                for one in self.signatures
            ],
            "refused": list(self.refused),
            "in_force": self.in_force,
            "notes": list(self.notes),
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """The outcome that JSON tells of."""
        return cls(
            name=told["service"],
            digest=told["digest"],
            state=told["state"],
            waits=tuple(
                Wait(role=one["role"], owners=tuple(one["owners"])) for one in told["waits"]
            ),
            signatures=tuple(Signature(**one) for one in told["signatures"]),
            refused=tuple(told["refused"]),
            in_force=told["in_force"],
            notes=tuple(told["notes"]),
        )

    def sentence(self) -> str:
        """One line for a person."""
        head = f"{self.name}: {self.digest[:12]}"
        if self.waits:
            waits = " and ".join(map(str, self.waits))
            return f"{head} waits for the signature of {waits}; {self._meanwhile()}"
        by = " and ".join(map(str, self.signatures))
        return f"{head} is {self.state}{f', signed as {by}' if by else ''}"

    def _meanwhile(self) -> str:
        if self.in_force:
            return f"{self.in_force[:12]} stays in force"
        return "until then it is observed, and nothing is enforced"
