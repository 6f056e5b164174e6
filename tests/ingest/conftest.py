"""A warehouse to fill, a way to fill it from text, and what lies in it afterwards."""

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from errorbudget.ingest.report import Report
from errorbudget.ingest.run import ingest
from errorbudget.source.duckdb.warehouse import Warehouse

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Takes files in as the command does."""

    folder: Path
    warehouse: Warehouse

    def take(self, content: bytes | str, name: str = "requests.ndjson", **options: Any) -> Report:
        data = content.encode() if isinstance(content, str) else content
        file = self.folder / name
        file.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return self.take_file(file, **options)

    def take_file(self, file: Path, **options: Any) -> Report:
        wanted = {"rejected": self.folder / "rejected", "now": NOW} | options
        return ingest(self.warehouse, file, **wanted)

    def take_records(self, *records: Mapping[str, object], **options: Any) -> Report:
        return self.take(b"".join(orjson.dumps(r) + b"\n" for r in records), **options)

    def column(self, sql: str, table: str = "requests") -> list[Any]:
        return [row[0] for row in self.rows(sql, table)]

    def rows(self, sql: str, table: str = "requests") -> list[tuple[Any, ...]]:
        query = f"select {sql} from {table} order by batch, line"
        return self.warehouse.connection.execute(query).fetchall()

    def rejected(self) -> list[tuple[int, str]]:
        files = sorted((self.folder / "rejected").glob("*.ndjson"))
        records = [orjson.loads(line) for file in files for line in file.read_bytes().splitlines()]
        return [(record["line"], record["reason"]) for record in records]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "home").mkdir()
    with Warehouse.open(tmp_path / "home" / "warehouse.duckdb") as warehouse:
        yield Desk(folder=tmp_path, warehouse=warehouse)
