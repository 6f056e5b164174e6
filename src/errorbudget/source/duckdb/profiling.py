"""What do a service's requests look like? Asked once, before there is any objective."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from errorbudget.objective.proposal.profile import (
    Durations,
    Profile,
    Status,
    is_health_check,
)
from errorbudget.request import COLUMNS, SENT, ColumnType
from errorbudget.source.duckdb import counting
from errorbudget.source.duckdb.questions import busiest_of, every
from errorbudget.source.duckdb.statements import statement

if TYPE_CHECKING:
    import duckdb

    from errorbudget.objective.criterion import Criterion
    from errorbudget.objective.indicator import Indicator


_FILLED: Final[dict[ColumnType, str]] = {
    "text": "count(nullif({column}, ''))",
    "integer": "count({column})",
    "number": "count({column})",
    "map": "count(*) filter (where cardinality({column}) > 0)",
}
"""How requests that fill a column are counted, by what it holds."""


class Profiler:
    """Asks a warehouse what no tally tells."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def profile(self, services: Sequence[str]) -> Profile | None:
        """The profile of a service, or of several as one; None where nothing was sent."""
        counts = self._ask("columns", services)[0]
        total, with_status, with_duration, bots, tenants, first, last = counts
        if not total:
            return None
        routes = {name or "": count for name, count in self._ask("routes", services)}
        # What has characters that nobody sees cannot be written in a criterion.
        health = tuple(name for name in routes if name.isprintable() and is_health_check(name))
        durations: list[Any] = []
        if with_duration:
            busiest = busiest_of(routes, health)
            durations = self._ask("durations", services, routes=busiest, left_out=list(health))
        attributes: dict[str, dict[str, int]] = {}
        for name, value, count in self._ask("attributes", services, every=every(total)):
            attributes.setdefault(name, {})[value] = count
        return Profile(
            service="-".join(services),
            services=tuple(services),
            requests=total,
            with_status=with_status,
            with_duration=with_duration,
            bots=bots,
            tenants=tenants,
            first=first,
            last=last,
            statuses=tuple(Status(*row) for row in self._ask("statuses", services)),
            routes=routes,
            health_checks=health,
            environments=dict(self._ask("environments", services)),
            durations=tuple(Durations(*row) for row in durations),
            attributes=attributes,
        )

    def examples(
        self, profile: Profile, *, threshold: float | None, attribute: str | None
    ) -> Sequence[dict[str, Any]]:
        """Real requests, one of each kind; only columns without a person in them."""
        rows = self._ask(
            "examples",
            profile.services,
            left_out=list(profile.health_checks),
            threshold=threshold,
            attribute=attribute or "",
        )
        return [_example(row[0], attribute) for row in rows]

    def by_value(
        self,
        indicator: Indicator,
        by: Criterion,
        span: tuple[int, int] | None = None,
        *,
        most: int = 20,
    ) -> list[tuple[str | None, int, int]]:
        """Values of an expression with their valid and bad requests, the most bad ones first.

        `span`: first and last minute; None: all there are. Raises CriterionFailed.
        """
        found = counting.known(self._connection, [indicator], [span] if span else None)
        sql = statement("by_value").format(known=found.sql, counts=found.counts, by=by.sql)
        with counting.evaluating():
            return self._connection.execute(sql, {**found.values, "most": most}).fetchall()

    def never_sent(self, services: Sequence[str], columns: Sequence[str]) -> list[str]:
        """Which of these columns no request of the services ever filled."""
        asked = [name for name in columns if COLUMNS.get(name) in _FILLED and name in SENT]
        if not asked:
            return []
        counts = ", ".join(_FILLED[COLUMNS[name]].format(column=f'"{name}"') for name in asked)
        sql = statement("profile_filled").format(counts=counts)
        row = self._of(sql, services)[0]
        return [name for name, count in zip(asked, row, strict=True) if not count]

    def has_logs(self, services: Sequence[str]) -> bool:
        """Whether any feed of logs may speak of services."""
        return bool(
            self._of(statement("joins_needed").format(services="$services"), services)[0][0]
        )

    def _ask(self, name: str, services: Sequence[str], **values: object) -> list[Any]:
        return self._of(statement(f"profile_{name}"), services, **values)

    def _of(self, sql: str, services: Sequence[str], **values: object) -> list[Any]:
        """What a question says of services; named one by one, they are found without a join."""
        names = {f"service_{place}": service for place, service in enumerate(services)}
        listed = ", ".join(f"${name}" for name in names)
        asked = sql.replace("$services", listed)
        return self._connection.execute(asked, names | values).fetchall()


def _example(request: dict[str, Any], attribute: str | None) -> dict[str, Any]:
    kept = {
        name: request[name]
        for name in ("route", "method", "status", "duration_ms")
        if request[name] not in (None, "")
    }
    if request["is_bot"]:
        kept["is_bot"] = True
    told = (request["attributes"] or {}).get(attribute) if attribute else None
    if told is not None:
        kept["attributes"] = {attribute: told}
    return kept
