"""What a log tool needs to go on from a burn: which requests failed, which lines tell of it."""

from datetime import datetime

from errorbudget.burn.handoff import IDS, Handoff
from errorbudget.ledger.window import moment
from errorbudget.objective.indicator import indicator
from errorbudget.program.explaining.explaining import Explaining
from errorbudget.source import Source


class Handoffs:
    """From a burn's explanation to a document for a log tool."""

    def __init__(self, source: Source, explaining: Explaining) -> None:
        self._source = source
        self._explaining = explaining

    def hand_off(
        self,
        service: str,
        objective: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        at: datetime,
    ) -> Handoff:
        """The burn from `since` to `until`, or the one that is current at `at`. Raises Failure."""
        found = self._explaining.explain(service, objective, since=since, until=until, at=at)
        document = found.burn.standing.document
        failing = self._source.failing(indicator(document, objective), [found.span], IDS)
        ids = [trace for pattern in found.logs for trace in pattern.trace_ids]
        ids += [one.request_id for one in failing.requests]
        return Handoff(
            services=document.services,
            environment=document.environment,
            since=moment(found.span.start),
            until=moment(found.span.end),
            request_ids=tuple(dict.fromkeys(one for one in ids if one and one.isprintable()))[:IDS],
            templates=tuple(pattern.template for pattern in found.logs),
        )
