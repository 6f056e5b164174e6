"""A proposal for one service: its sentences, its document, and its evidence as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from errorbudget.objective.proposal import sentences
from errorbudget.objective.proposal.criteria import MOST_EXCLUDED, Criteria, share
from errorbudget.objective.proposal.history import History
from errorbudget.objective.proposal.impact import Impact
from errorbudget.objective.proposal.incidents import Incident
from errorbudget.objective.proposal.latency import Distribution
from errorbudget.objective.proposal.profile import Profile
from errorbudget.objective.proposal.ruling import Ruling
from errorbudget.objective.proposal.surges import Surge
from errorbudget.objective.proposal.target import Proposal
from errorbudget.objective.proposal.wording import listed, moment
from errorbudget.objective.proposal.writing import Draft, Example, write


@dataclass(frozen=True, kw_only=True, eq=False)
class Proposed:
    """A proposal for one service, and everything it was made from."""

    profile: Profile
    criteria: Criteria
    history: History
    proposal: Proposal
    found: Sequence[Incident]
    counted: int
    """Valid requests of all the time, also of days that were seen less than half."""
    surges: Sequence[Surge]
    """When far more requests than usual were the client's doing, as their status says."""
    impact: Impact | None
    pool: Sequence[str]
    """Services that could be pooled with it."""
    today: date
    examples: Sequence[Example]
    questions: Mapping[str, str]
    """The SQL that gives the numbers again, by what it tells."""

    @cached_property
    def looked_at(self) -> str:
        """One sentence on what was looked at."""
        first, last = moment(self.profile.first), moment(self.profile.last)
        valid, bad = (int(column.sum()) for column in (self.history.valid, self.history.bad))
        aside = self.counted - valid
        were = "was" if bad == 1 else "were"
        partly = f" ({aside:,} more came on days that were seen less than half)" if aside else ""
        return (
            f"Looked at: {self.profile.requests:,} requests from {first[:10]} to {last[:10]}, of"
            f" which {valid:,} count{partly}, and {bad:,} of those {were} bad."
        )

    @cached_property
    def sentences(self) -> list[str]:
        """The proposal for people."""
        said = sentences.promise(self.proposal, self.history)
        if self.ruling:
            said += [why for why in (*self.ruling.why_bands, self.ruling.why_mode) if why]
        if self.pool:
            said.append(f"Could be pooled, if they fail together: {listed(self.pool)}.")
        return said

    @cached_property
    def ruling(self) -> Ruling | None:
        """How strictly the document rules; None where there is none."""
        return Ruling.of(self.proposal, self.today) if self.proposal.commit else None

    @cached_property
    def warnings(self) -> list[str]:
        """What to mind before signing."""
        said = list(self.criteria.warnings)
        left_out = self.profile.requests - self.counted
        if left_out > MOST_EXCLUDED * self.profile.requests:
            said.append(
                f"{share(left_out, self.profile.requests)} of requests are left out, for all"
                " reasons together: the objective is about the rest."
            )
        return said + [one.sentence for one in self.surges]

    @cached_property
    def document(self) -> str | None:
        """The document; None where no target is worth a promise."""
        commit, ruling = self.proposal.commit, self.ruling
        if commit is None or ruling is None:
            return None
        pooled = self.profile.services
        return write(
            Draft(
                service=self.profile.service,
                criteria=self.criteria,
                target=commit.target,
                window=self.proposal.window,
                why_target=sentences.promise(self.proposal, self.history),
                warnings=self.warnings,
                ruling=ruling,
                services=pooled if len(pooled) > 1 else (),
                history=self.looked_at,
                examples=self.examples,
            )
        )

    def as_dict(self) -> dict[str, Any]:
        """The proposal as JSON has it."""
        proposal, criteria = self.proposal, self.criteria
        stretch, commit = proposal.stretch, proposal.commit
        work = proposal.work
        return {
            "service": self.profile.service,
            "indicator": {
                "scope": criteria.scope,
                "valid": criteria.valid,
                "good": criteria.good,
                "why": [*criteria.why_scope, *criteria.why_valid, *criteria.why_good],
            },
            "services": list(self.profile.services),
            "window": {"rolling": f"{proposal.window}d"},
            "mode": self.ruling.mode.value if self.ruling else None,
            "revisit": self.ruling.revisit.isoformat() if self.ruling else None,
            "commit": commit.as_dict() if commit else None,
            "stretch": stretch.as_dict() if stretch else None,
            "work": {"name": work.name, "enough": work.enough} if work else None,
            "limited_by": proposal.limited_by,
            "stability": round(proposal.stability, 3),
            "between": list(proposal.between) if proposal.between else None,
            "sentences": [self.looked_at, *self.sentences],
            "warnings": self.warnings,
            "later": list(criteria.later),
            "evidence": self._evidence(),
            "document": self.document,
        }

    def _evidence(self) -> dict[str, Any]:
        history, outcome = self.history, self.criteria.outcome
        return {
            "requests": self.profile.requests,
            "valid": int(history.valid.sum()),
            "bad": int(history.bad.sum()),
            "excluded": {
                "bots": self.profile.bots,
                "health_checks": self.profile.probed,
                "all": self.profile.requests - self.counted,
            },
            "partly_seen": self.counted - int(history.valid.sum()),
            "resampled_from": self.proposal.rates.pieces,
            "days": [
                {
                    "date": history.date(day).isoformat(),
                    "valid": int(history.valid[day]),
                    "bad": int(history.bad[day]),
                    "seen": bool(history.seen[day]),
                }
                for day in range(len(history))
            ],
            "candidates": [one.as_dict() for one in self.proposal.candidates],
            "incidents": [
                {
                    "from": moment(one.start),
                    "to": moment(one.end),
                    "valid": one.valid,
                    "bad": one.bad,
                    "cause": one.cause,
                }
                for one in self.found
            ],
            "surges": [one.sentence for one in self.surges],
            "windows": self._windows(),
            "durations": self._durations(),
            "statuses": [
                {"status": one.status, "requests": one.requests} for one in self.profile.statuses
            ],
            "outcomes": dict(outcome.counts) if outcome else None,
            "impact": self.impact.as_dict() if self.impact else None,
            "queries": dict(self.questions),
        }

    def _windows(self) -> dict[str, Any]:
        """The share of its budget that each past window used of the candidates near the commit."""
        rates, commit = self.proposal.rates, self.proposal.commit
        if commit is None:
            return {"days": rates.days, "ends": [], "use": {}}
        place = self.proposal.candidates.index(commit)
        near = [*self.proposal.candidates[max(place - 1, 0) : place + 2]]
        start = self.proposal.present.start
        return {
            "days": rates.days,
            "ends": [self.history.date(start + int(end)).isoformat() for end in rates.ends],
            "use": {
                one.target: [round(float(use), 4) for use in rates.use(one.allowance)[0]]
                for one in near
            },
        }

    def _durations(self) -> dict[str, Any] | None:
        """Requests by duration, and the limit in the good criterion."""
        if not self.profile.durations:
            return None
        of = Distribution(self.profile.durations)
        bins = zip(of.edges().tolist(), of.counts.tolist(), strict=True)
        return {
            "limit_ms": self.criteria.threshold,
            "bins": [
                {"from_ms": round(start, 3), "requests": int(count)}
                for start, count in bins
                if count
            ],
        }


def summary(told: Mapping[str, Any]) -> str:
    """A proposal as a person reads it."""
    lines = [f"{told['service']}:", *(f"  {one}" for one in told["sentences"])]
    lines += [f"  Mind: {one}" for one in told["warnings"]]
    lines += [f"  Later: {one}" for one in told["later"]]
    return "\n".join(lines) + "\n"
