"""Criteria and indicators as tests write them: the SQL is taken as it stands."""

from errorbudget.objective.criterion import Criterion
from errorbudget.objective.indicator import Indicator, Requests


def criterion(sql: str, *columns: str) -> Criterion:
    return Criterion(text=sql, sql=f"({sql})", columns=frozenset(columns))


TRACE_ID = criterion("trace_id", "trace_id")


def requests_of(
    *services: str,
    environment: str = "",
    scope: Criterion | None = None,
    operation: Criterion | None = None,
    logs_required: bool = False,
) -> Requests:
    return Requests(
        services=services or ("shop",),
        environment=environment,
        scope=scope,
        request_id=TRACE_ID,
        operation=operation,
        logs_required=logs_required,
    )


def indicator(
    good: str = "status < 500",
    *columns: str,
    valid: str | None = None,
    requests: Requests | None = None,
) -> Indicator:
    return Indicator(
        requests=requests or requests_of(),
        valid=criterion(valid) if valid else None,
        good=criterion(good, *columns),
    )
