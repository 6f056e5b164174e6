"""What an explanation of a burn says: one value, which every door shows."""

from dataclasses import dataclass
from typing import Any

from errorbudget import clock
from errorbudget.burn.attribution import Finding
from errorbudget.burn.concentration import Concentration
from errorbudget.burn.correlation import Coincidence
from errorbudget.burn.log_patterns import Pattern
from errorbudget.burn.onset import Onset
from errorbudget.ledger.window import Span, moment
from errorbudget.program.burns import BurnStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What broke, since when, where, for whom, what changed, what logs say; and the limits."""

    burn: BurnStanding
    """How fast the budget goes at the end of the time that is explained."""
    span: Span
    """The minutes that are explained."""
    valid: int
    bad: int
    onset: Onset | None
    where: tuple[Finding, ...]
    who: Concentration
    changes: tuple[Coincidence, ...]
    logs: tuple[Pattern, ...]
    limits: tuple[str, ...]
    """What the rest could not know, or knows only roughly; one sentence each."""

    def as_dict(self) -> dict[str, Any]:
        """The explanation as JSON has it."""
        document = self.burn.standing.document
        return {
            "service": document.name,
            "objective": self.burn.standing.objective,
            "from": clock.text(moment(self.span.start)),
            "to": clock.text(moment(self.span.end)),
            "headline": self.headline(),
            "valid": self.valid,
            "bad": self.bad,
            "onset": None if self.onset is None else _onset(self.onset),
            "where": [finding.as_dict() for finding in self.where],
            "who": self.who.as_dict(),
            "changes": [one.as_dict() for one in self.changes],
            "logs": [one.as_dict() for one in self.logs],
            "limits": list(self.limits),
            "burn": self.burn.as_dict(),
            "runbook": document.runbook,
            "owners": {role: list(names) for role, names in document.owners.items()},
        }

    def headline(self) -> str:
        """One line that stands alone, for a phone."""
        standing = self.burn.standing
        told = [f"{standing.document.name} {standing.objective}: {self._symptom()}"]
        if self.where:
            told.append(f"most in {words(self.where[0])}")
        fitting = next((one for one in self.changes if one.fits), None)
        if fitting is not None:
            told.append(f"coincides with {fitting.change.id}")
        return "; ".join(told)

    def _symptom(self) -> str:
        if not self.valid:
            return "no valid request came"
        target = self.burn.standing.document.objectives[self.burn.standing.objective].target
        rate = self.bad / (self.valid * float(target.allowance))
        return f"{self.bad:,} of {self.valid:,} requests failed, {rate:.3g}x"


def _onset(of: Onset) -> dict[str, Any]:
    moments = {"at": of.at, "earliest": of.earliest, "latest": of.latest, "until": of.until}
    return {name: clock.text(at) for name, at in moments.items()} | {"gradual": of.gradual}


def words(finding: Finding) -> str:
    """`route=/pay and region=eu`."""
    pairs = (f"{column}={value or '(empty)'}" for column, value in finding.match.items())
    return " and ".join(pairs)
