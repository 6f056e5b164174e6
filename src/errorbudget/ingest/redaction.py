"""What must never be stored, though senders tell it? It is dropped, hashed or masked.

The same rules hold for every way in: OpenTelemetry's rows in Python, all others in SQL.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, Final, Literal, get_args

from errorbudget.ingest.statements import literal

Treatment = Literal["drop", "hash", "mask"]

Column = Literal["tenant", "route", "method", "version", "region", "message", "template"]
COLUMNS: Final[tuple[Column, ...]] = get_args(Column)
"""Texts that may be treated; the others say which request it is, of whom, and how it went."""
MASK: Final = "***"
_HASH: Final = 16
"""Characters of a hash: two values alike are rarer than one in a billion among a million."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which texts, and what becomes of them."""

    columns: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    """Names; `*` stands for any characters."""
    matching: str = ""
    """A regular expression for the part of a text that is meant; empty for all of it."""
    treatment: Treatment

    @property
    def names(self) -> str:
        """The attributes' names as a regular expression; one that nothing matches for none."""
        return (
            "|".join(re.escape(name).replace(r"\*", ".*") for name in self.attributes)
            or "[^\\s\\S]"
        )


@dataclass(frozen=True)
class Redaction:
    """Every rule, in order, and the key that hashes are made with."""

    rules: Sequence[Rule] = ()
    key: str = field(default="", repr=False)
    _known: dict[str, list["_Step"]] = field(
        default_factory=dict[str, "list[_Step]"], repr=False, compare=False
    )

    def __bool__(self) -> bool:
        return bool(self.rules)

    def treat(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row itself, by column, after every rule."""
        for column, steps in self._columns.items():
            if row.get(column):
                row[column] = self._treated(row[column], steps) or ""
        row["attributes"] = {
            name: treated
            for name, text in row["attributes"].items()
            if (treated := self._treated(text, self._steps(name))) is not None
        }
        return row

    def replacing(self, columns: Iterable[str]) -> str:
        """The same as SQL: what to write after `select * replace` for a table of these columns."""
        parts = [f"{self._column_sql(name)} as {name}" for name in columns if name in self._columns]
        return ", ".join([*parts, f"{self._attributes_sql()} as attributes"])

    @cached_property
    def _columns(self) -> Mapping[str, list["_Step"]]:
        names = {name for rule in self.rules for name in rule.columns}
        return {
            name: [_Step.of(rule) for rule in self.rules if name in rule.columns]
            for name in sorted(names)
        }

    def _steps(self, name: str) -> list["_Step"]:
        if name not in self._known:
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[name] = [
                _Step.of(rule) for rule in self.rules if re.fullmatch(rule.names, name)
            ]
        return self._known[name]

    def _treated(self, text: str, steps: Iterable["_Step"]) -> str | None:
        for step in steps:
            if step.pattern.search(text) is None:
                continue
            if step.treatment == "drop":
                return None
            text = step.pattern.sub(MASK if step.treatment == "mask" else self._hashed, text)
        return text

    def _hashed(self, found: re.Match[str]) -> str:
        return sha256(f"{self.key}:{found[0]}".encode()).hexdigest()[:_HASH] if found[0] else ""

    def _column_sql(self, name: str) -> str:
        sql = name
        for step in self._columns[name]:
            sql = f"coalesce({self._step_sql(step, sql)}, '')"
        return sql

    def _attributes_sql(self) -> str:
        value = "pair.value"
        for rule in self.rules:
            if rule.attributes:
                named = f"regexp_full_match(pair.key, {literal(rule.names)})"
                treated = self._step_sql(_Step.of(rule), value)
                value = f"case when {named} then {treated} else {value} end"
        pair = f"{{'key': pair.key, 'value': {value}}}"
        pairs = f"list_transform(map_entries(attributes), lambda pair: {pair})"
        return f"map_from_entries(list_filter({pairs}, lambda pair: pair.value is not null))"

    def _step_sql(self, step: "_Step", sql: str) -> str:
        pattern = literal(step.pattern.pattern)
        meant = f"regexp_matches({sql}, {pattern}, 's')"
        match step.treatment:
            case "drop":
                return f"case when {meant} then null else {sql} end"
            case "mask":
                return f"regexp_replace({sql}, {pattern}, '{MASK}', 'gs')"
            case "hash":
                return f"case when {meant} then {self._hash_sql(sql, pattern)} else {sql} end"

    def _hash_sql(self, sql: str, pattern: str) -> str:
        # SQL has no function as a replacement: what lies between is woven with what was found.
        between = f"string_split_regex({sql}, {pattern}, 's')"
        found = f"regexp_extract_all({sql}, {pattern}, 0, 's')"
        key = literal(f"{self.key}:")
        hashes = f"list_transform({found}, lambda one: substr(sha256({key} || one), 1, {_HASH}))"
        woven = f"list_zip({between}, {hashes})"
        return (
            f"array_to_string(flatten(list_transform({woven}, lambda two: [two[1], two[2]])), '')"
        )


@dataclass(frozen=True, slots=True)
class _Step:
    """What one rule does to one text."""

    pattern: re.Pattern[str]
    treatment: Treatment

    @classmethod
    def of(cls, rule: Rule) -> "_Step":
        return cls(re.compile(rule.matching or ".+", re.ASCII | re.DOTALL), rule.treatment)


def compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression that Python and SQL understand alike. Raises ValueError."""
    import duckdb

    try:
        with duckdb.connect() as connection:
            connection.execute("select regexp_matches('', $pattern, 's')", {"pattern": pattern})
        return re.compile(pattern, re.ASCII | re.DOTALL)
    except (re.error, duckdb.Error) as cause:
        said = str(cause).splitlines()[0]
        raise ValueError(f"{pattern!r} is no regular expression: {said}") from cause


NOTHING: Final = Redaction()
