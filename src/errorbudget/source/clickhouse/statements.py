"""Reads the SQL that lies beside the engine."""

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """The text of `name`.sql in this package."""
    return (files("errorbudget.source.clickhouse") / f"{name}.sql").read_text(encoding="utf-8")
