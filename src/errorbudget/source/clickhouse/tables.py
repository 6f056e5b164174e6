"""Where requests and log records are: the Collector's own tables, or any table by its columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from errorbudget.request import COLUMNS, SENT
from errorbudget.source.clickhouse.criteria import column
from errorbudget.source.clickhouse.statements import statement
from errorbudget.source.clickhouse.terms import quoted
from errorbudget.source.minutes import Range

TENANT: Final = ("tenant.id", "tenant", "enduser.tenant", "customer.id", "enduser.id")
"""Attributes that name the tenant, in order of preference."""

_PREFIX: Final = "attributes."
_LOG_COLUMNS: Final = ("time", "service", "request_id", "is_error", "message", "template")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table, and the SQL of columns that it does not have under their own names."""

    name: str
    """As `FROM` takes it."""
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    """By the column of a request or log record; none: the Collector's own columns."""
    where: str = "true"
    """Which rows count at all."""

    @property
    def is_own(self) -> bool:
        """Whether its columns are the Collector's."""
        return "time" not in self.columns

    @property
    def time(self) -> str:
        """The SQL of a row's moment."""
        return self.columns.get("time", "Timestamp")

    @property
    def service(self) -> str:
        """The SQL of a row's service."""
        return self.columns.get("service", "ServiceName")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What a ClickHouse holds of requests."""

    requests: Table
    logs: Table | None
    tenant: Sequence[str] = TENANT
    """Attributes that name the tenant in the Collector's spans."""


def requests(tables: Tables, columns: Collection[str], ranges: Iterable[Range] | None) -> str:
    """The requests of the services `{services}` in ranges of minutes: SQL, columns as `q_…`.

    Of attributes only those in `columns` are there, which names them `attributes.NAME`.
    """
    table = tables.requests
    within = _within(table, ranges)
    entries = sorted(name for name in columns if name.startswith(_PREFIX))
    if not table.is_own:
        names = ("minute", *(name for name in SENT if name != "attributes"))
        told = [f"{_expression(table, name)} as {column(name)}" for name in names]
        told += [f"{_entry(table, name)} as {column(name)}" for name in entries]
        return _relation("columns", columns=", ".join(told), table=table.name, within=within)
    more = [f"{_own_entry(name)} as {column(name)}" for name in entries]
    more += [f"{_expression(table, name)} as o_{name}" for name in table.columns]
    sql = _relation(
        "otel_requests",
        rpc=statement("otel_rpc").strip(),
        tenant=_first([*_looked_up("SpanAttributes", tables), *_looked_up(_RESOURCE, tables)]),
        more="".join(f",\n    {one}" for one in more),
        table=table.name,
        within=within,
    )
    return _replaced(sql, {name: column(name) for name in table.columns})


def logs(table: Table, ranges: Iterable[Range] | None) -> str:
    """The log records of the services `{services}`, and of none, in ranges of minutes: SQL."""
    within = _within(table, ranges, more="or {service} = ''")
    if not table.is_own:
        told = ", ".join(f"{_log_expression(table, name)} as l_{name}" for name in _LOG_COLUMNS)
        return _relation("columns", columns=told, table=table.name, within=within)
    more = "".join(f",\n    {_log_expression(table, name)} as o_{name}" for name in table.columns)
    sql = _relation("otel_logs", more=more, table=table.name, within=within)
    return _replaced(sql, {name: f"l_{name}" for name in table.columns})


def _relation(name: str, **parts: str) -> str:
    return statement(name).format(**parts).strip()


def _replaced(sql: str, columns: Mapping[str, str]) -> str:
    """The same with columns that stand beside it as `o_…` in the place of its own."""
    if not columns:
        return sql
    given = ", ".join(f"o_{name} as {own}" for name, own in columns.items())
    return _relation("replaced", columns=given, relation=sql)


def in_minutes(time: str, ranges: Iterable[Range]) -> str:
    """Whether a moment lies in one of these ranges of minutes: SQL that an index can follow."""
    spans = (
        f"({time} >= toDateTime({first * 60}, 'UTC') and {time} < toDateTime({(last + 1) * 60},"
        " 'UTC'))"
        for first, last in ranges
    )
    return " or ".join(spans)


_RESOURCE: Final = "ResourceAttributes"


def _within(table: Table, ranges: Iterable[Range] | None, more: str = "") -> str:
    own = f"{table.service} in {{services:Array(String)}} {more.format(service=table.service)}"
    parts = [f"({table.where})", f"({own.strip()})"]
    if ranges is not None:
        parts.append(f"({in_minutes(table.time, ranges)})")
    return " and ".join(parts)


def _expression(table: Table, name: str) -> str:
    """The SQL of one column; what a table does not have is empty, or NULL."""
    if name == "minute":
        return f"toInt64(intDiv(toUnixTimestamp({table.time}), 60))"
    said = table.columns.get(name)
    match COLUMNS[name]:
        case "text":
            return f"ifNull(toString({said}), '')" if said else "''"
        case "integer":
            return f"accurateCastOrNull({said or 'NULL'}, 'Int32')"
        case "number":
            return f"accurateCastOrNull({said or 'NULL'}, 'Float64')"
        case "boolean":
            return f"ifNull(toBool({said}), false)" if said else "false"
        case _:
            return said or "NULL"


def _log_expression(table: Table, name: str) -> str:
    said = table.columns.get(name)
    if name == "time":
        return table.time
    if name == "is_error":
        return f"ifNull(toBool({said}), false)" if said else "false"
    return f"ifNull(toString({said}), '')" if said else "''"


def _entry(table: Table, name: str) -> str:
    if name in table.columns:
        return table.columns[name]
    owner = table.columns.get("attributes")
    return _looked(owner, quoted(name.removeprefix(_PREFIX))) if owner else "NULL"


def _own_entry(name: str) -> str:
    """An attribute of a span; else of its resource; else what its own columns say."""
    key = name.removeprefix(_PREFIX)
    if key == "otel.status_code":
        ends = "StatusCode in ('Error', 'STATUS_CODE_ERROR'), 'ERROR'"
        return f"multiIf({ends}, StatusCode in ('Ok', 'STATUS_CODE_OK'), 'OK', NULL)"
    if key == "otel.status_description":
        return "nullIf(StatusMessage, '')"
    if key == "span.kind":
        return "if(SpanKind in ('Consumer', 'SPAN_KIND_CONSUMER'), 'consumer', NULL)"
    name_ = quoted(key)
    return f"coalesce({_looked('SpanAttributes', name_)}, {_looked(_RESOURCE, name_)})"


def _looked(owner: str, key: str) -> str:
    return f"if(mapContains({owner}, {key}), {owner}[{key}], NULL)"


def _looked_up(owner: str, tables: Tables) -> list[str]:
    return [f"{owner}[{quoted(name)}]" for name in tables.tenant]


def _first(texts: Sequence[str]) -> str:
    ways = ", ".join(f"{text} <> '', {text}" for text in texts[:-1])
    return f"multiIf({ways}, {texts[-1]})" if ways else texts[-1]
