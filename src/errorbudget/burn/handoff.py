"""Which log lines to look at next, said so that a log tool takes it: ids, templates, queries.

Whatever tenants and log lines hold is data here: every query quotes it as its language does.
LogQL and both SQL engines match with RE2, https://github.com/google/re2/wiki/Syntax.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

IDS: Final = 100
"""Request ids handed over at most: the newest."""
_LONGEST: Final = 400
"""Characters of one template's pattern."""
_MASK: Final = re.compile(r"<(?:[A-Z]+|\*)>")
_SPACE: Final = r"[\s=\x00-\x1f]+"
_ANYTHING: Final = "(?s:.*)"
_SHORTEST: Final = 3
"""Characters of a word that is worth searching for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What a table of log records calls what it holds."""

    table: str
    time: str
    service: str
    request_id: str
    level: str
    message: str
    environment: tuple[str, ...] = ()
    """Expressions of where a record was written, each empty where it says nothing; as ClickHouse
    writes them."""


OWN: Final = Columns(
    table="logs",
    time="time",
    service="service",
    request_id="request_id",
    level="level",
    message="message",
)
"""The program's own warehouse."""

OTEL: Final = Columns(
    table="otel_logs",
    time="Timestamp",
    service="ServiceName",
    request_id="TraceId",
    level="SeverityText",
    message="Body",
    environment=(
        "ResourceAttributes['deployment.environment']",
        "ResourceAttributes['deployment.environment.name']",
    ),
)
"""As clickhouseexporter of the OpenTelemetry Collector (contrib) names them."""

_LABELS: Final = ("deployment_environment", "deployment_environment_name")
"""What Loki calls the environment, by the older and the newer semantic conventions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """What a log tool needs to go on from an alert."""

    services: tuple[str, ...]
    environment: str
    since: datetime
    until: datetime
    request_ids: tuple[str, ...]
    """Of bad requests, the newest first."""
    templates: tuple[str, ...]
    """Of log lines that tell of the burn, the most telling first."""

    def as_dict(self) -> dict[str, Any]:
        """The document as JSON has it, with its queries."""
        return {
            "services": list(self.services),
            "environment": self.environment,
            "from": _text(self.since),
            "to": _text(self.until),
            "request_ids": list(self.request_ids),
            "templates": list(self.templates),
            "queries": {
                "logql": self.logql(),
                "logql_by_id": self.logql_by_id(),
                "elasticsearch": self.elasticsearch(),
                "sql": self.sql("duckdb", OWN),
                "clickhouse": self.sql("clickhouse", OTEL),
            },
        }

    def logql(self) -> str:
        """For Loki: ids and templates, sought in the lines.

        The times are given beside a LogQL query, not in it.
        """
        sought = [*map(re.escape, self.request_ids), *self._patterns()]
        return self._logql(f" |~ {_go('|'.join(sought))}" if sought else "")

    def logql_by_id(self) -> str:
        """For Loki: ids, sought where its OpenTelemetry ingestion puts them, beside the lines."""
        ids = "|".join(map(re.escape, self.request_ids))
        return self._logql(f" | trace_id=~{_go(ids)}" if ids else "")

    def _logql(self, sought: str) -> str:
        """What Loki's OpenTelemetry ingestion calls the service is `service_name`."""
        services = _go("|".join(map(re.escape, self.services)))
        here = _go(f"{re.escape(self.environment)}|")  # a label that is missing is empty
        where = "".join(f" | {label}=~{here}" for label in _LABELS) if self.environment else ""
        return f"{{service_name=~{services}}}{sought}{where}"

    def elasticsearch(self) -> dict[str, Any]:
        """The body of a search, in the fields of the Elastic Common Schema."""
        within = {"gte": _text(self.since), "lt": _text(self.until)}
        should: list[dict[str, Any]] = [
            {"bool": {"must": [{"match_phrase": {"message": piece}} for piece in pieces]}}
            for template in self.templates
            if (pieces := _pieces(template))
        ]
        if self.request_ids:
            should.insert(0, {"terms": {"trace.id": list(self.request_ids)}})
        query: dict[str, Any] = {
            "filter": [
                {"terms": {"service.name": list(self.services)}},
                {"range": {"@timestamp": within}},
                *self._in_environment(),
            ]
        }
        if should:
            query |= {"should": should, "minimum_should_match": 1}
        return {"query": {"bool": query}, "sort": [{"@timestamp": "asc"}], "size": 500}

    def _in_environment(self) -> list[dict[str, Any]]:
        """Records of the environment, and those that say nothing of theirs."""
        if not self.environment:
            return []
        same = {"term": {"service.environment": self.environment}}
        silent = {"bool": {"must_not": [{"exists": {"field": "service.environment"}}]}}
        return [{"bool": {"should": [same, silent], "minimum_should_match": 1}}]

    def sql(self, dialect: str, columns: Columns) -> str:
        """For an engine that sqlglot knows and that matches with RE2."""
        from sqlglot import exp, parse_one, select

        def text(value: str) -> exp.Expr:
            return exp.Literal.string(value)

        def at(moment: datetime) -> exp.Expr:
            return exp.cast(text(f"{moment:%Y-%m-%d %H:%M:%S}"), "timestamp")

        time, service, request, level, message = (
            exp.column(name)
            for name in (
                columns.time,
                columns.service,
                columns.request_id,
                columns.level,
                columns.message,
            )
        )
        sought: list[exp.Expr] = [
            exp.RegexpLike(this=message.copy(), expression=text(pattern))
            for pattern in self._patterns()
        ]
        if self.request_ids:
            sought.insert(
                0, exp.In(this=request.copy(), expressions=[*map(text, self.request_ids)])
            )
        query = (
            select(time, service, request, level, message)
            .from_(columns.table)
            .where(exp.In(this=service.copy(), expressions=[*map(text, self.services)]))
            .where(time.copy() >= at(self.since), time.copy() < at(self.until))
            .order_by(time.copy())
        )
        if self.environment:
            here = [text(""), text(self.environment)]
            query = query.where(
                *(
                    exp.In(this=parse_one(one, read="clickhouse"), expressions=here)
                    for one in columns.environment
                )
            )
        if sought:
            query = query.where(exp.or_(*sought))
        return query.sql(dialect, pretty=True)

    def _patterns(self) -> list[str]:
        return [pattern for template in self.templates if (pattern := _pattern(template))]


def _words(literal: str) -> list[str]:
    return [word for word in re.split(_SPACE, literal) if word]


def _pattern(template: str) -> str:
    """A regular expression for the lines of a template: what was masked may be anything."""
    parts = [_SPACE.join(map(re.escape, _words(one))) for one in _MASK.split(template)]
    kept, length = list[str](), 0
    for part in parts:
        length += len(part)
        if length > _LONGEST:
            break
        kept.append(part)
    kept = [part for part in kept if part]
    return _ANYTHING.join(kept) if any(len(part) >= _SHORTEST for part in kept) else ""


def _pieces(template: str) -> list[str]:
    """The words between the masks, as phrases."""
    phrases = (" ".join(_words(one)) for one in _MASK.split(template))
    return [phrase for phrase in phrases if len(phrase) >= _SHORTEST]


def _go(text: str) -> str:
    """A string as Go reads it: JSON's escapes are among Go's."""
    return orjson.dumps(text).decode()


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
