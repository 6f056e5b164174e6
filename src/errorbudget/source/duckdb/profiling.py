"""What do a service's requests look like? Asked once, before there is any objective."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, cast

from errorbudget.objective.proposal.profile import (
    Durations,
    Profile,
    Status,
    is_health_check,
)
from errorbudget.source.duckdb import counting
from errorbudget.source.duckdb.statements import statement

if TYPE_CHECKING:
    import duckdb

    from errorbudget.objective.criterion import Criterion
    from errorbudget.objective.indicator import Indicator

_BUSIEST: Final = 12
"""Routes whose durations are told apart."""
_SAMPLED: Final = 200_000
"""Rows whose attributes are looked at."""


class Profiler:
    """Asks a warehouse what no tally tells."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def profile(self, service: str) -> Profile | None:
        """The profile of a service; None where it has sent nothing."""
        counts = self._ask("columns", service)[0]
        total, with_status, with_duration, bots, tenants, first, last = counts
        if not total:
            return None
        routes = {name or "": count for name, count in self._ask("routes", service)}
        health = tuple(name for name in routes if is_health_check(name))
        durations: list[Any] = []
        if with_duration:
            busiest = _busiest_of(routes, health)
            durations = self._ask("durations", service, routes=busiest, left_out=list(health))
        attributes: dict[str, dict[str, int]] = {}
        for name, value, count in self._ask("attributes", service, every=max(1, total // _SAMPLED)):
            attributes.setdefault(name, {})[value] = count
        return Profile(
            service=service,
            requests=total,
            with_status=with_status,
            with_duration=with_duration,
            bots=bots,
            tenants=tenants,
            first=first,
            last=last,
            statuses=tuple(Status(*row) for row in self._ask("statuses", service)),
            routes=routes,
            health_checks=health,
            environments=dict(self._ask("environments", service)),
            durations=tuple(Durations(*row) for row in durations),
            attributes=attributes,
        )

    def examples(
        self, profile: Profile, *, threshold: float | None, attribute: str | None
    ) -> Sequence[dict[str, Any]]:
        """Real requests, one of each kind; only columns without a person in them."""
        rows = self._ask(
            "examples",
            profile.service,
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

    def questions(
        self, profile: Profile, indicator: Indicator, *, days: int, allowance: Fraction
    ) -> dict[str, str]:
        """What a proposal was made from, as a person may ask it of the file again."""
        found = counting.known(self._connection, [indicator], None)
        tally = _bound(
            statement("tally").format(known=found.sql, counts=found.counts), found.values
        )
        used = statement("budget_used")
        listed = [profile.health_checks, _busiest_of(profile.routes, profile.health_checks)]
        health, busiest = ("[" + ", ".join(map(_text, names)) + "]" for names in listed)
        asked = {
            "Valid and bad requests of each minute": tally,
            f"Each day, and the budget used in the {days} days up to it": used.format(
                tally=tally, allowance=float(allowance), before=days - 1
            ),
            "What requests say at all, bots among them": statement("profile_columns"),
            "Statuses, and who saw them": statement("profile_statuses"),
            "Routes, health checks among them": statement("profile_routes"),
        }
        if profile.durations:
            sql = statement("profile_durations")
            asked["Durations"] = sql.replace("$routes", busiest).replace("$left_out", health)
        return {what: _told(sql, profile.service) for what, sql in asked.items()}

    def has_logs(self, service: str) -> bool:
        """Whether any feed of logs may speak of a service."""
        sql = statement("joins_needed").format(services="$service")
        row = self._connection.execute(sql, {"service": service}).fetchone()
        return bool(row and row[0])

    def _ask(self, name: str, service: str, **values: object) -> list[Any]:
        sql = statement(f"profile_{name}")
        return self._connection.execute(sql, {"service": service} | values).fetchall()


def _busiest_of(routes: Iterable[str], health: Collection[str]) -> list[str]:
    return [name for name in routes if name and name not in health][:_BUSIEST]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _told(sql: str, service: str) -> str:
    return sql.replace("$service", _text(service))


def _bound(sql: str, values: Mapping[str, object]) -> str:
    """A question with its values written into it, the longest names first."""
    for name, value in sorted(values.items(), reverse=True):
        texts = [_text(value)] if isinstance(value, str) else map(_text, cast("list[str]", value))
        written = ", ".join(texts)
        sql = sql.replace(f"${name}", written if isinstance(value, str) else f"[{written}]")
    return sql


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
