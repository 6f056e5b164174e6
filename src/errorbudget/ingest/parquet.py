"""Reads Parquet: typed columns become the texts that records of other formats have."""

import hashlib
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from errorbudget.errors import Failure
from errorbudget.ingest.mapping import Type
from errorbudget.ingest.ndjson import AGENTS
from errorbudget.ingest.staging import REQUESTS
from errorbudget.ingest.statements import literal, name

_NUMBERS: Final = ("INT", "DOUBLE", "FLOAT", "DECIMAL")


def staged_copy(file: Path, staging: Path) -> Path:
    """The file where the warehouse may read it: linked when on the same disk, else copied."""
    copy = staging / f"{hashlib.sha256(str(file).encode()).hexdigest()[:12]}.parquet"
    copy.unlink(missing_ok=True)
    try:
        copy.hardlink_to(file)
    except OSError:
        shutil.copyfile(file, copy)
    return copy


def described(connection: duckdb.DuckDBPyConnection, copy: Path, file: Path) -> dict[str, str]:
    """The columns of a file and their types. Raises Failure when it is not Parquet."""
    with reading(file, copy):
        rows = connection.execute(f"describe from {_read(copy)}").fetchall()
    return {row[0]: row[1] for row in rows}


@contextmanager
def reading(file: Path, copy: Path) -> Generator[None]:
    """Raises Failure, in a line, when the file cannot be read, or not to its end."""
    try:
        yield
    except duckdb.Error as cause:
        said = str(cause).partition("\n")[0].replace(str(copy), file.name)
        raise Failure(
            f"{file}: cannot be read as Parquet: {said}",
            "nothing of it is stored: write the file again, and take that in",
        ) from cause


def mappable(types: Mapping[str, str]) -> dict[str, Type]:
    """The columns that a `--map` may read; they keep the types of the file."""
    return {
        column: "double" if any(word in type_ for word in _NUMBERS) else "varchar"
        for column, type_ in types.items()
    }


def rows(connection: duckdb.DuckDBPyConnection, copy: Path) -> int:
    """How many rows a file has."""
    row = connection.execute(f"select count(*) from {_read(copy)}").fetchone()  # noqa: S608
    return int(row[0]) if row else 0


def source(copy: Path, types: Mapping[str, str], reads: Mapping[str, Type], span: range) -> str:
    """SQL that reads some rows of a file."""
    given = [
        f"{_text(column) if column in types else 'cast(null as varchar)'} as {name('~' + column)}"
        for column in REQUESTS.columns
    ]
    agents = [_text(agent) for agent in AGENTS if agent in types] or ["cast(null as varchar)"]
    fields = ", ".join(f"{name(column)} := {name(column)}" for column in types)
    return f"""
    select
        file_row_number + 1 as "~line",
        to_json(struct_pack({fields}))::varchar as "~text",
        cast(null as varchar) as "~problem",
        {_attributes(types)} as "~attributes",
        coalesce({", ".join(agents)}) as "~user_agent",
        {", ".join([*given, *map(name, reads)])}
    from {_read(copy, "file_row_number = true")}
    where file_row_number between {span.start} and {span.stop - 1}
    """  # noqa: S608


def _read(copy: Path, *options: str) -> str:
    return f"read_parquet({', '.join([literal(str(copy)), *options])})"


def _text(column: str) -> str:
    return f"cast({name(column)} as varchar)"


def _attributes(types: Mapping[str, str]) -> str:
    others = [c for c in types if c not in REQUESTS.columns and c != "attributes"]
    entries = ", ".join(f"struct_pack(key := {literal(c)}, value := {_text(c)})" for c in others)
    own = f"map_from_entries(list_filter([{entries}], lambda entry: entry.value is not null))"
    if "attributes" not in types:
        return own if others else "map {}"
    column = name("attributes")
    json = (
        f"cast({column} as varchar)" if types["attributes"] == "VARCHAR" else f"to_json({column})"
    )
    sent = f"""coalesce(try(from_json({json}, '"MAP(VARCHAR,VARCHAR)"')), map {{}})"""
    return f"map_concat({sent}, {own})" if others else sent
