"""Which requests does an objective count, and how? All that decides a tally, nothing else."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from errorbudget.objective.criterion import Criterion, check_criterion, check_expression
from errorbudget.objective.document import SENT_COLUMNS, ObjectiveDocument
from errorbudget.objective.promql import Counters


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """Which rows are a document's requests, and how they are told apart."""

    services: tuple[str, ...]
    """Sorted."""
    environment: str
    """Empty: any. Rows that name no environment always belong."""
    scope: Criterion | None
    request_id: Criterion
    """What error logs and corrections are joined on."""
    operation: Criterion | None
    """Attempts with the same value are one request, judged by the last."""
    logs_required: bool
    """Whether minutes without a live log feed are unknown."""
    corrections_judged: bool = True
    """Whether a criterion reads `corrections`; where none does, a correction to bad is enough."""
    source: str = "warehouse"
    """The name of what holds them."""
    counters: tuple[Counters, ...] = ()
    """Where there are counters and no rows: what counts them, of each objective."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """Which of a document's requests are valid, and which of those good."""

    requests: Requests
    valid: Criterion | None
    """None: every request."""
    good: Criterion
    counters: Counters | None = None
    """What is counted instead where a source has counters and no requests."""

    @property
    def columns(self) -> frozenset[str]:
        """The columns that its criteria read."""
        return self.good.columns | (self.valid.columns if self.valid else frozenset[str]())

    @property
    def series(self) -> str:
        """The key of stored tallies: another one whenever a count could differ, and only then."""
        return _digest(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """Requests that are valid for any indicator, bad when bad for any: each counts once."""

    indicators: tuple[Indicator, ...]
    """Of the same requests; at least one."""

    @property
    def requests(self) -> Requests:
        """The rows that are judged."""
        return self.indicators[0].requests

    @property
    def columns(self) -> frozenset[str]:
        """The columns that any of the criteria reads."""
        return frozenset[str]().union(*(one.columns for one in self.indicators))

    @property
    def series(self) -> str:
        """The key of stored tallies; of a single indicator, its own."""
        parts = sorted({one.series for one in self.indicators})
        return parts[0] if len(parts) == 1 else sha256(f"any of {parts}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameless:
    """Those of an indicator's requests that carry no id: nothing can be joined to them."""

    of: Indicator

    @property
    def requests(self) -> Requests:
        """The rows that are judged."""
        return self.of.requests

    @property
    def columns(self) -> frozenset[str]:
        """The columns that its criteria read."""
        return self.of.columns

    @property
    def series(self) -> str:
        """The key of stored tallies."""
        return sha256(f"without an id {self.of.series}".encode()).hexdigest()


Counting = Indicator | Union | Nameless
"""What is counted in one series of tallies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """Requests that are bad when they failed, or when what they led to at other services did."""

    of: Indicator
    joins: tuple[Indicator, ...]
    """What the others count; their request ids are those of the operations."""

    @property
    def series(self) -> str:
        """The key of stored tallies."""
        parts = self.of.series, sorted({one.series for one in self.joins})
        return sha256(f"operations {parts}".encode()).hexdigest()


def requests(document: ObjectiveDocument) -> Requests:
    """The rows that all objectives of `document` judge."""
    rules = document.requests
    return Requests(
        services=tuple(sorted(document.services)),
        environment=document.environment,
        scope=_scope(document),
        request_id=check_expression(rules.request_id, SENT_COLUMNS),
        operation=check_expression(rules.operation, SENT_COLUMNS) if rules.operation else None,
        logs_required=rules.logs == "required",
        corrections_judged=any("corrections" in one.columns for one in _criteria(document)),
        source=rules.source,
        counters=tuple(one.prometheus for one in document.objectives.values() if one.prometheus),
    )


def _scope(document: ObjectiveDocument) -> Criterion | None:
    rules = document.requests
    if not document.counts_rows:
        # Rows of the same service are another measurement: they must not pass for what was asked.
        return check_criterion("FALSE", SENT_COLUMNS)
    return check_criterion(rules.scope, SENT_COLUMNS) if rules.scope else None


def _criteria(document: ObjectiveDocument) -> Iterator[Criterion]:
    for objective in document.objectives.values():
        yield from (check_criterion(text) for text in (objective.valid, objective.good) if text)


def indicator(document: ObjectiveDocument, objective_name: str) -> Indicator:
    """What the objective of that name counts. Raises KeyError when the document has none."""
    objective = document.objectives[objective_name]
    return Indicator(
        requests=requests(document),
        valid=check_criterion(objective.valid) if objective.valid else None,
        good=check_criterion(objective.good),
        counters=objective.prometheus,
    )


def union(document: ObjectiveDocument) -> Union:
    """The requests that any objective of a document counts, bad when any says so."""
    return Union(indicators=tuple(indicator(document, name) for name in document.objectives))


def _digest(of: Indicator) -> str:
    rows = of.requests
    decides: dict[str, object] = {
        "version": 1,
        "services": rows.services,
        "environment": rows.environment,
        "scope": rows.scope and rows.scope.sql,
        "request_id": rows.request_id.sql,
        "operation": rows.operation and rows.operation.sql,
        "logs_required": rows.logs_required,
        "corrections_judged": rows.corrections_judged,
        "valid": of.valid and of.valid.sql,
        "good": of.good.sql,
    }
    if rows.source != "warehouse":
        decides["source"] = rows.source
    if of.counters:
        decides["counters"] = of.counters.model_dump()
    return sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
