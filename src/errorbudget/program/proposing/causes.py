"""What failed in a service's history, and what separates it from the next step of the grid?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from errorbudget.objective.criterion import Criterion, check_criterion, check_expression
from errorbudget.objective.document import SENT_COLUMNS
from errorbudget.objective.indicator import Indicator
from errorbudget.objective.proposal import incidents as bursts
from errorbudget.objective.proposal.criteria import Criteria
from errorbudget.objective.proposal.history import History
from errorbudget.objective.proposal.incidents import Incident
from errorbudget.objective.proposal.profile import Profile
from errorbudget.objective.proposal.target import Contribution
from errorbudget.source.duckdb.profiling import Profiler
from errorbudget.source.duckdb.warehouse import Warehouse

_EXPLAINED: Final = ("route", "status", "tenant", "version", "region")
"""What incidents are broken down by."""
_MOST: Final = 200
"""Values of a column that are looked at."""
_TRIED: Final = 3
"""Values of a column that are tried as the work between commit and stretch."""
_TELLING: Final = 0.3
"""The share of all bad requests from which a value may be that work."""
_ALL: Final = 0.9
"""From which share on it is all of them, and says nothing."""
_LIFT: Final = 1.5
"""How many times its share of requests a value must have of the bad ones."""
_FEWEST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """An expression whose values may be what is to be worked on."""

    by: str
    words: str
    """How a value is named."""
    of_bad: bool = False
    """Whether its values say how a request ended: by their nature all of some are bad."""


class Causes:
    """Asks the requests of one indicator what the bad ones have in common."""

    def __init__(
        self,
        warehouse: Warehouse,
        profiler: Profiler,
        profile: Profile,
        criteria: Criteria,
        indicator: Indicator,
    ) -> None:
        self._warehouse = warehouse
        self._profiler = profiler
        self._profile = profile
        self._criteria = criteria
        self._indicator = indicator

    @property
    def columns(self) -> Mapping[str, str]:
        """What incidents are broken down by: SQL by name."""
        few = self._profile.tenants < 2
        names = [column for column in _EXPLAINED if column != "tenant" or not few]
        return {name: f'"{name}"' for name in names}

    def explained(
        self, found: Sequence[Incident], indicator: Indicator | None = None
    ) -> list[Incident]:
        """Each incident with what its bad requests have in common."""
        if not found:
            return []
        always = {column: self._values(column, None, indicator) for column in self.columns}
        return [
            replace(
                one,
                common=bursts.common(
                    {
                        column: (
                            self._values(column, (one.start, one.end - 1), indicator),
                            always[column],
                        )
                        for column in self.columns
                    }
                ),
            )
            for one in found
        ]

    def standing(self, history: History) -> Iterator[Contribution]:
        """Routes, versions and kinds of failure with a telling part of all that failed."""
        total, valid = int(history.bad.sum()), int(history.valid.sum())
        if total < _FEWEST:
            return
        for kind in self._kinds():
            values = self._profiler.by_value(self._indicator, check(kind.by), most=_MOST)
            for value, requests, bad in values[:_TRIED]:
                share = bad / total
                lifts = share / max(requests / valid, 1e-9) >= _LIFT
                telling = share <= _ALL if kind.of_bad else lifts
                if value and bad >= max(_FEWEST, _TELLING * total) and telling:
                    yield self._contribution(kind, value, bad / total, history)

    def _kinds(self) -> Iterator[_Kind]:
        if len(self._profile.routes) > 1:
            yield _Kind(by="route", words="the failures on {value}")
        yield _Kind(by="version", words="the failures of version {value}")
        if self._profile.with_status:
            status = "CAST(status AS VARCHAR)"
            yield _Kind(by=status, words="the answers {value}", of_bad=True)
        if outcome := self._criteria.outcome:
            by = f"attributes[{quoted(outcome.name)}]"
            yield _Kind(by=by, words="what ends as {value}", of_bad=True)

    def _contribution(
        self, kind: _Kind, value: str, share: float, history: History
    ) -> Contribution:
        only = _narrowed(self._indicator, f"{kind.by} = {quoted(value)}")
        tallies = self._warehouse.tally([only], None)[0]
        daily = History.of_minutes(
            tallies.minute, tallies.valid, tallies.bad, history.seen, history.first_day
        )
        name = f"{kind.words.format(value=value)} ({share:.0%} of all that failed)"
        return Contribution(name=name, bad=daily.bad.astype(np.float64))

    def _values(
        self, column: str, span: tuple[int, int] | None, indicator: Indicator | None
    ) -> list[tuple[str | None, int, int]]:
        by = check("CAST(status AS VARCHAR)" if column == "status" else column)
        return self._profiler.by_value(indicator or self._indicator, by, span, most=_MOST)


def _narrowed(indicator: Indicator, criterion: str) -> Indicator:
    scope = indicator.requests.scope
    text = f"({scope.text}) AND {criterion}" if scope else criterion
    requests = replace(indicator.requests, scope=check_criterion(text, SENT_COLUMNS))
    return replace(indicator, requests=requests)


def check(text: str) -> Criterion:
    """An expression over what requests were sent with."""
    return check_expression(text, SENT_COLUMNS)


def quoted(text: str) -> str:
    """Text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"
