"""Asks a ClickHouse, one question at a time, within bounds of time and memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from errorbudget.errors import Failure
from errorbudget.ledger.tally import Counts
from errorbudget.source import SourceFailed

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

Values = Mapping[str, object]

_LONGEST_WORDS: Final = 300
_UNWANTED: Final = (
    # Plans of sorted criteria turn round in it for ever.
    "query_plan_push_down_volume_reducing_functions",
    # Reads a map once for each attribute that is looked at, where one walk finds them all.
    "optimize_functions_to_subcolumns",
)
"""What newer servers do to a question that ours are better without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one question may cost."""

    seconds: int = 30
    memory: int = 4 * 2**30
    """Bytes; larger sums go to disk from half of it on."""
    is_sharded_by_trace: bool = False
    """Whether all rows of a trace lie on one shard, so that each shard joins its own."""

    @property
    def settings(self) -> dict[str, Any]:
        """The same as ClickHouse's settings."""
        return {
            "max_execution_time": self.seconds,
            "max_memory_usage": self.memory,
            "max_bytes_before_external_group_by": self.memory // 2,
            "max_bytes_before_external_sort": self.memory // 2,
            "distributed_product_mode": "local" if self.is_sharded_by_trace else "global",
            "join_use_nulls": 0,
        }


class Engine:
    """A connection that several threads may use; they wait for each other."""

    def __init__(self, connect: Callable[[], Client], bounds: Bounds | None = None) -> None:
        """Nothing is connected before the first question."""
        self._connect = connect
        self._client: Client | None = None
        self._settings = (bounds or Bounds()).settings
        self._turn = threading.Lock()

    @classmethod
    def at(cls, address: str, *, user: str, password: str, bounds: Bounds) -> Self:
        """An engine at `http(s)://HOST:PORT/DATABASE`, or in this process at `chdb://PATH`.

        Raises Failure where the client for it is not installed.
        """
        try:
            import clickhouse_connect
        except ImportError as missing:
            raise Failure(
                "a ClickHouse source needs clickhouse-connect",
                "Install it: pip install 'errorbudget[clickhouse]'",
            ) from missing
        given: dict[str, Any] = {"dsn": address}
        if not address.startswith("chdb:"):
            given = {
                "dsn": address.replace("http", "clickhouse", 1),
                "interface": "https" if address.startswith("https:") else "http",
                "username": user,
                "password": password,
                "autogenerate_session_id": False,
                "send_receive_timeout": bounds.seconds + 5,
                "connect_timeout": 5,
            }
        return cls(partial(clickhouse_connect.get_client, **given), bounds)

    def close(self) -> None:
        """Let go of the connection."""
        if self._client:
            self._client.close()

    def rows(self, sql: str, values: Values) -> Sequence[Sequence[Any]]:
        """What a query answers. Raises SourceFailed in ClickHouse's own words."""
        from clickhouse_connect.driver.exceptions import ClickHouseError

        try:
            with self._turn:
                client = self._client = self._client or self._connect()
                found = client.query(
                    sql, parameters=dict(values), settings=self._settings | unwanted(client)
                )
        except ClickHouseError as cause:
            raise SourceFailed(f"ClickHouse: {_words(cause)}") from cause
        return found.result_rows

    def numbers(self, sql: str, values: Values, width: int) -> list[Counts]:
        """A result of so many columns of integers, column by column."""
        rows = self.rows(sql, values)
        table = np.array(rows, np.int64).reshape(len(rows), width)
        return list(table.T)


def unwanted(client: Client) -> dict[str, Any]:
    """The settings that keep a server from what our questions are better without."""
    return {name: 0 for name in _UNWANTED if name in client.server_settings}


def _words(cause: Exception) -> str:
    line = " ".join(str(cause).split())
    return line if len(line) <= _LONGEST_WORDS else f"{line[:_LONGEST_WORDS]}…"
