"""Reads one JSON object a line."""

from collections.abc import Iterable, Mapping

import orjson

from errorbudget.ingest.mapping import Type, guess, misfit, read_as
from errorbudget.ingest.staging import Kind
from errorbudget.ingest.statements import literal, name, statement

SAMPLE = 1_000
"""Records that tell which names there are, and which of them are numbers."""

AGENTS = ("user_agent", "user_agent.original", "http.user_agent")
"""Under which of these names a user agent is told."""


def source(kind: Kind, reads: Mapping[str, Type], first_line: int, *, agents: bool) -> str:
    """SQL that reads `raw_lines` as JSON records."""
    known = [given for names in kind.columns.values() for given in names]
    return statement("ndjson").format(
        first_line=first_line,
        shape=literal(_shape(known)),
        known=", ".join(map(literal, [*known, "attributes"])),
        filled=" + ".join(
            f"(record.{name(given)} is not null)::int" for given in [*known, "attributes"]
        ),
        problems=" ".join([*_nested(kind), *_misfits(reads)]),
        columns=", ".join([*_columns(kind), *_wanted(reads), _agent(agents=agents)]),
    )


def _shape(known: Iterable[str]) -> str:
    shape = dict.fromkeys(known, "VARCHAR") | {"attributes": "MAP(VARCHAR,VARCHAR)"}
    return orjson.dumps(shape).decode()


def _columns(kind: Kind) -> list[str]:
    return [
        f"coalesce({', '.join(f'record.{name(given)}' for given in names)}) as {name('~' + column)}"
        for column, names in kind.columns.items()
    ]


def _nested(kind: Kind) -> list[str]:
    """An object where a text belongs; only a value that begins like one is looked at."""
    return [
        f"""when (starts_with(record.{name(given)}, '{{') or starts_with(record.{name(given)}, '['))
            and json_type("~text", '/{given}') in ('OBJECT', 'ARRAY')
            then '{given} is an object or a list, not a text'"""
        for column in kind.texts
        for given in kind.columns[column]
    ]


def _misfits(reads: Mapping[str, Type]) -> list[str]:
    return [misfit(column, _value(column), type_) for column, type_ in reads.items()]


def _wanted(reads: Mapping[str, Type]) -> list[str]:
    return [read_as(column, _value(column), type_) for column, type_ in reads.items()]


def _value(column: str) -> str:
    pointer = "/" + column.replace("~", "~0").replace("/", "~1")
    # A line that is no JSON has no values; the reason why it is set aside is found elsewhere.
    return f"""try(json_extract_string("~text", {literal(pointer)}))"""


def _agent(*, agents: bool) -> str:
    if not agents:
        return '''cast(null as varchar) as "~user_agent"'''
    ways = [_value(agent) for agent in AGENTS] + [f"given[{literal(agent)}]" for agent in AGENTS]
    return f'''coalesce({", ".join(ways)}) as "~user_agent"'''


def columns(lines: Iterable[bytes]) -> dict[str, Type]:
    """The names in some records, and which of them are always numbers."""
    values: dict[str, list[object]] = {}
    for line in lines:
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(record, dict):
            for given, value in record.items():
                values.setdefault(given, []).append(value)
    return {given: guess(seen) for given, seen in values.items()}
