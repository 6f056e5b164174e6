"""How tight may a target be, whatever history says? What a service needs, and what it owes."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from errorbudget.objective.notation import as_percent
from errorbudget.objective.proposal.grid import GRID


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What people know beside the traffic: nothing of it need be given."""

    dependencies: tuple[Fraction, ...] = ()
    """The availability of each thing without which every request fails."""
    sla: Fraction | None = None
    """What a contract promises of the same."""

    @property
    def needed(self) -> Fraction:
        """The share of requests that fail with what the service needs, before its own doing."""
        return sum((1 - one for one in self.dependencies), Fraction(0))

    def allow(self, allowances: Sequence[Fraction]) -> tuple[Fraction, ...]:
        """Those of them that are not too tight, loosest first; the loosest one always is."""
        least = max(self.needed, self._inside_sla)
        return tuple(one for one in allowances if one >= least) or tuple(allowances[:1])

    def why(self, tighter: Fraction) -> str:
        """Why nothing as tight as this is proposed; empty where it could be."""
        if tighter < self.needed:
            listed = ", ".join(as_percent(one) for one in self.dependencies)
            return (
                f"Limited by what it needs (available {listed}): {as_percent(self.needed)} of"
                " requests fail with that before this service does anything, so a tighter target"
                " would promise for others."
            )
        if self.sla is not None and tighter < self._inside_sla:
            return (
                f"Limited by what is owed: the contract promises {as_percent(self.sla)}, and one"
                " step inside it is margin enough."
            )
        return ""

    def broken(self, commit: Fraction) -> str:
        """What to say where a commit does not even keep the contract; empty where it does."""
        if self.sla is None or commit < 1 - self.sla:
            return ""
        return (
            f"The contract promises {as_percent(self.sla)}, and history bears no target inside it:"
            " this budget lasts longer than the contract does. Work on what fails, or renegotiate."
        )

    @property
    def _inside_sla(self) -> Fraction:
        """The loosest allowance that leaves a margin to the contract."""
        if self.sla is None:
            return Fraction(0)
        return next((one for one in GRID if one < 1 - self.sla), Fraction(0))


NO_CAPS = Caps()
