"""A door that leads through a journal into a real warehouse."""

from collections.abc import Generator
from pathlib import Path

import pytest

from errorbudget.ingest.otlp import Door
from errorbudget.ingest.stream import Stream
from errorbudget.source.duckdb.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Generator[Warehouse]:
    with Warehouse.open(tmp_path / "warehouse.duckdb") as opened:
        yield opened


@pytest.fixture
def stream(tmp_path: Path, warehouse: Warehouse) -> Generator[Stream]:
    opened = Stream.open(tmp_path / "journal", warehouse)
    yield opened
    opened.close()


@pytest.fixture
def door(tmp_path: Path, stream: Stream) -> Door:
    return Door(stream, tmp_path / "rejected")
