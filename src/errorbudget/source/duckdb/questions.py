"""What was a proposal made from? The same questions once more, for a person to ask of the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

from errorbudget.source.duckdb import counting
from errorbudget.source.duckdb.statements import statement

if TYPE_CHECKING:
    import duckdb

    from errorbudget.objective.indicator import Indicator
    from errorbudget.objective.proposal.profile import Profile

BUSIEST: Final = 12
"""Routes whose durations are told apart."""
SAMPLED: Final = 200_000
"""Rows whose attributes are looked at."""
TENANTS: Final = 100_000

Spans = Sequence[tuple[int, int]]
"""First minutes, and the minutes after the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a proposal found, as far as its questions need to know."""

    profile: Profile
    indicator: Indicator
    days: int
    """Of the window."""
    allowance: Fraction
    incidents: Spans
    columns: Mapping[str, str]
    """What incidents were broken down by: SQL by name."""
    client: Indicator | None
    """Counts what was the client's doing as bad; None where no status tells."""
    surges: Spans
    outcome: bool
    """Whether an attribute says how requests ended."""


def questions(connection: duckdb.DuckDBPyConnection, asked: Asked) -> dict[str, str]:
    """SQL by what it tells; every number of the evidence comes from one of them."""
    services = ", ".join(map(text, asked.profile.services))
    return {what: sql.replace("$services", services) for what, sql in _asked(connection, asked)}


def _asked(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Iterator[tuple[str, str]]:
    profile, tally = asked.profile, _tally(connection, asked.indicator)
    yield "Valid and bad requests of each minute", tally
    yield (
        f"Each day, and the budget used in the {asked.days} days up to it",
        statement("budget_used").format(
            tally=tally, allowance=float(asked.allowance), before=asked.days - 1
        ),
    )
    yield "What requests say at all, bots among them", statement("profile_columns")
    yield "Statuses, and who saw them", statement("profile_statuses")
    yield "Routes, health checks among them", statement("profile_routes")
    if asked.outcome:
        sql = bound(statement("profile_attributes"), {"every": every(profile.requests)})
        yield "How requests ended, as their attributes say", sql
    if profile.durations:
        health = list(profile.health_checks)
        values = {"routes": busiest_of(profile.routes, health), "left_out": health}
        yield "Durations", bound(statement("profile_durations"), values)
    if asked.incidents:
        yield "Valid and bad requests of the incidents", _spans(tally, asked.incidents)
        yield "What their bad requests have in common", _causes(connection, asked)
    if asked.client and asked.surges:
        of_client = _tally(connection, asked.client)
        yield (
            "All requests, and those answered with 4xx, when the latter were far more than usual",
            (_spans(of_client, asked.surges)),
        )
    if profile.tenants > 1:
        yield "Tenants, and how good it was for each", _tenants(connection, asked.indicator)
    if profile.environments:
        yield "Environments", statement("profile_environments")


def _tally(connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> str:
    found = counting.known(connection, [indicator], None)
    return bound(statement("tally").format(known=found.sql, counts=found.counts), found.values)


def _spans(tally: str, spans: Spans) -> str:
    return statement("incident_counts").format(tally=tally, spans=_listed(spans))


def _causes(connection: duckdb.DuckDBPyConnection, asked: Asked) -> str:
    found = counting.known(connection, [asked.indicator], None)
    columns = ", ".join(
        f"{{'name': {text(name)}, 'value': cast({sql} as varchar)}}"
        for name, sql in asked.columns.items()
    )
    sql = statement("incident_causes").format(
        known=found.sql,
        spans=_listed(asked.incidents),
        columns=columns,
        is_bad=counting.is_bad(asked.indicator),
    )
    return bound(sql, found.values)


def _tenants(connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> str:
    found = counting.known(connection, [indicator], None)
    by_value = statement("by_value").format(known=found.sql, counts=found.counts, by='"tenant"')
    return bound(
        statement("by_tenant").format(by_value=by_value), {**found.values, "most": TENANTS}
    )


def every(requests: int) -> int:
    """One row in so many is looked at for its attributes."""
    return max(1, requests // SAMPLED)


def busiest_of(routes: Iterable[str], health: Iterable[str]) -> list[str]:
    """The routes whose durations are told apart."""
    left_out = set(health)
    return [name for name in routes if name and name not in left_out][:BUSIEST]


def bound(sql: str, values: Mapping[str, object]) -> str:
    """A question with its values written into it, the longest names first."""
    for name, value in sorted(values.items(), reverse=True):
        sql = sql.replace(f"${name}", _value(value))
    return sql


def _value(value: object) -> str:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return f"[{', '.join(map(text, cast('list[str]', value)))}]"
    return str(value)


def _listed(spans: Spans) -> str:
    return ", ".join(f"({first}, {until})" for first, until in spans)


def text(value: str) -> str:
    """Text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"
