"""Reads the SQL that lies beside this package."""

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """The text of `name`.sql in this package."""
    return (files("errorbudget.ingest") / f"{name}.sql").read_text(encoding="utf-8")


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """A column name as SQL writes it."""
    return '"' + text.replace('"', '""') + '"'
