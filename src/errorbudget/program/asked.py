"""Which sources are asked for requests beside the embedded warehouse, and how?

sources:
  metrics: {prometheus: https://prometheus:9090, labels: {route: handler}}
  traces: {clickhouse: https://clickhouse:8443/otel, user: errorbudget, password: env:CLICKHOUSE}
  local: {embedded: true}
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    model_validator,
)

from errorbudget.errors import Failure
from errorbudget.notify.targets import Address, Secret, reveal
from errorbudget.program.quantities import Bytes, Span

if TYPE_CHECKING:
    from errorbudget.source import Source
    from errorbudget.source.duckdb.warehouse import Warehouse

STRICT: Final = ConfigDict(extra="forbid", frozen=True)
_MINUTE: Final = timedelta(minutes=1)
_ENGINES: Final = ("http://", "https://", "chdb:")


def _engine(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text.startswith((*_ENGINES, "env:", "file:")):
        raise ValueError("write an address as https://clickhouse:8443/otel, or env:, file:")
    return secret


def _named(value: object) -> object:
    """A table's name alone means the table by its own columns."""
    return {"table": value} if isinstance(value, str) else value


class AtTable(BaseModel):
    """A table, and what its columns mean."""

    model_config = STRICT
    table: Annotated[str, Field(min_length=1)]
    columns: dict[str, str] = Field(default_factory=dict[str, str])
    """ClickHouse SQL by the column of a request (or log record) that it gives."""
    where: str = "true"
    """Which rows count at all."""


Asked = Annotated[AtTable, BeforeValidator(_named)]


class AtClickHouse(BaseModel):
    """Requests in a ClickHouse."""

    model_config = STRICT
    clickhouse: Annotated[Secret, AfterValidator(_engine)]
    user: str = "default"
    password: Secret | None = None
    requests: Asked = AtTable(table="otel_traces")
    logs: Asked | None = AtTable(table="otel_logs")
    tenant: tuple[str, ...] = ()
    """Attributes that name the tenant, before those that are known."""
    history: Span = timedelta(days=92)
    """How far back a new document is counted."""
    late: Span = timedelta(days=3)
    """By how much requests and log records may be late."""
    within: Annotated[Span, Field(ge=timedelta(seconds=1))] = timedelta(seconds=30)
    """How long one question may take."""
    memory: Bytes = 4 * 2**30
    """What one question may use there."""
    sharded_by_trace: bool = False
    """Whether all rows of a trace lie on one shard, so that each joins its own."""


class AtPrometheus(BaseModel):
    """Counters of a server that speaks Prometheus' API."""

    model_config = STRICT
    prometheus: Address
    """What comes before `/api/v1`."""
    user: str = ""
    password: Secret | None = None
    token: Secret | None = None
    """Sent as a bearer's."""
    headers: dict[str, Secret] = Field(default_factory=dict[str, Secret])
    """As in `X-Scope-OrgID: shop`."""
    labels: dict[str, str] = Field(default_factory=dict[str, str])
    """The label that tells a column, where it is not one of the usual."""
    history: Span = timedelta(days=92)
    """How far back a new document is counted."""
    late: Span = timedelta(minutes=5)
    """By how much scrapes may be stored late."""
    within: Annotated[Span, Field(ge=timedelta(seconds=1))] = timedelta(seconds=10)
    """How long one question may take."""

    @model_validator(mode="after")
    def _shows_itself_one_way(self) -> Self:
        if self.token and (self.user or self.password):
            raise ValueError("write a token, or a user with a password")
        return self


class Embedded(BaseModel):
    """The embedded warehouse under another name."""

    model_config = STRICT
    embedded: Literal[True]


def _form(value: Any) -> str | None:
    """Which kind a source is, by the one key that says so."""
    if isinstance(value, BaseModel):
        return type(value).__name__.removeprefix("At").lower()
    forms = {"clickhouse", "embedded", "prometheus"} & set(value if isinstance(value, dict) else ())
    return forms.pop() if len(forms) == 1 else None


AskedSource = Annotated[
    Annotated[AtClickHouse, Tag("clickhouse")]
    | Annotated[AtPrometheus, Tag("prometheus")]
    | Annotated[Embedded, Tag("embedded")],
    Discriminator(
        _form,
        custom_error_type="source",
        custom_error_message="write exactly one of `clickhouse`, `prometheus` or `embedded`",
    ),
]
"""A field of this type reads any of them."""


def open_sources(
    given: Mapping[str, AtClickHouse | AtPrometheus | Embedded],
    warehouse: "Warehouse",
    folder: Path,
) -> "dict[str, Source]":
    """The sources by name; nothing is asked yet. Raises Failure naming one that cannot be used.

    `file:` paths start from `folder`.
    """
    found = dict[str, "Source"]()
    for name, source in given.items():
        try:
            found[name] = _opened(source, warehouse, partial(reveal, folder=folder))
        except Failure as failure:
            raise Failure(f"sources.{name}: {failure.lines[0]}", *failure.lines[1:]) from failure
    return found


def _opened(
    source: AtClickHouse | AtPrometheus | Embedded, warehouse: "Warehouse", told: Any
) -> "Source":
    # Each engine brings libraries along; only what is used is loaded.
    match source:
        case Embedded():
            return warehouse
        case AtClickHouse():
            return _clickhouse(source, told)
        case AtPrometheus():
            return _prometheus(source, told)


def _clickhouse(source: AtClickHouse, told: Any) -> "Source":
    from errorbudget.source.asking import Asking
    from errorbudget.source.clickhouse.engine import Bounds, Engine
    from errorbudget.source.clickhouse.source import ClickHouse
    from errorbudget.source.clickhouse.tables import TENANT, Table, Tables

    engine = Engine.at(
        told(source.clickhouse),
        user=source.user,
        password=told(source.password) if source.password else "",
        bounds=Bounds(
            seconds=int(source.within.total_seconds()),
            memory=source.memory,
            is_sharded_by_trace=source.sharded_by_trace,
        ),
    )
    requests, logs = source.requests, source.logs
    return ClickHouse(
        engine,
        Tables(
            requests=Table(name=requests.table, columns=requests.columns, where=requests.where),
            logs=Table(name=logs.table, columns=logs.columns, where=logs.where) if logs else None,
            tenant=(*source.tenant, *TENANT),
        ),
        asking=Asking(history=source.history // _MINUTE, late=source.late // _MINUTE),
    )


def _prometheus(source: AtPrometheus, told: Any) -> "Source":
    from errorbudget.source.asking import Asking
    from errorbudget.source.prometheus.api import Api
    from errorbudget.source.prometheus.source import Prometheus

    headers = {name: told(value) for name, value in source.headers.items()}
    if source.token:
        headers["Authorization"] = f"Bearer {told(source.token)}"
    elif source.password:
        pair = b64encode(f"{source.user}:{told(source.password)}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    return Prometheus(
        Api(told(source.prometheus), headers=headers, seconds=source.within.total_seconds()),
        labels=source.labels,
        asking=Asking(history=source.history // _MINUTE, late=source.late // _MINUTE),
    )
