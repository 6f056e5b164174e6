"""Reads lines of an access log in the combined format."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from errorbudget.ingest.mapping import Type, read_as
from errorbudget.ingest.staging import REQUESTS
from errorbudget.ingest.statements import name, statement

_LINE: Final = re.compile(rb'^\S+ \S+ .*?\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "')

COLUMNS: Final[dict[str, tuple[str, Type]]] = {
    "client": ("part.client", "varchar"),
    "user": ("part.user", "varchar"),
    "time": ("part.time", "varchar"),
    "request": ("part.request", "varchar"),
    "status": ("part.status", "bigint"),
    "bytes": ("part.bytes", "bigint"),
    "referrer": ("part.referrer", "varchar"),
    "user_agent": ("part.agent", "varchar"),
    "rest": ("part.rest", "varchar"),
}
"""What a `--map` may read of a line, where it comes from and what it is."""

_ABSENT: Final = tuple(
    column
    for column in REQUESTS.columns
    if column not in ("time", "route", "method", "status", "duration_ms")
)


def source(reads: Mapping[str, Type], first_line: int) -> str:
    """SQL that reads `access_lines`, which `access_log.sql` makes of `raw_lines`."""
    wanted = [read_as(column, COLUMNS[column][0], type_) for column, type_ in reads.items()]
    absent = [f"cast(null as varchar) as {name('~' + column)}" for column in _ABSENT]
    return statement("access_columns").format(
        first_line=first_line, wanted="".join(f", {sql}" for sql in [*absent, *wanted])
    )


def looks_like(lines: Iterable[bytes]) -> bool:
    """Whether some lines are those of an access log."""
    return any(_LINE.match(line) for line in lines)
