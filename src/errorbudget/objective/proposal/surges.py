"""When were far more requests than usual the client's doing, as their status says?

A deploy that breaks logins answers 401, and one that breaks links 404: such an hour may have been
the service's own doing after all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from errorbudget.objective.notation import digits
from errorbudget.objective.proposal.incidents import Incident
from errorbudget.objective.proposal.wording import moment

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """Hours in which so many requests were answered with 4xx that luck does not explain it."""

    incident: Incident
    """Its bad requests are those of 4xx, of all in scope."""

    @property
    def sentence(self) -> str:
        """What happened, and what to do where the service was at fault."""
        one = self.incident
        cause = f" ({one.cause})" if one.cause else ""
        times = one.bad / max(one.bad - one.excess, 1)
        return (
            f"From {moment(one.start)} to {moment(one.end)} UTC {one.bad:,} of {one.valid:,}"
            f" requests were answered with 4xx{cause}, {digits(times, 2)} times as many as usual."
            " They are left out; where a change of yours did that, they were failures:"
            " `errorbudget correct … --as bad`."
        )


def largest(found: Sequence[Incident]) -> list[Incident]:
    """The few that are worth a sentence, in order of time."""
    few = sorted(found, key=lambda one: -one.excess)[:_SHOWN]
    return sorted(few, key=lambda one: one.start)
