"""What does a file of SQL do to the data: add to it, or break what relies on it?"""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError
from sqlglot.expressions.core import Expression as Node


class Effect(StrEnum):
    """How far a schema change reaches, from the least to the most."""

    NONE = "none"
    ADDITIVE = "additive"
    """What reads and writes now goes on as before."""
    BREAKING = "breaking"
    """Something is taken away, made narrower, rewritten or locked, or nobody can tell."""


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """What the statements of one file do, and in words which of them says so."""

    effect: Effect
    words: str = ""


def read(before: str | None, after: str | None) -> SchemaChange:
    """The effect of the statements that `after` has and `before` had not; the worst counts.

    Text that no dialect reads counts as breaking, and so does taking out a statement that altered
    something: whether it was applied already cannot be told.
    """
    if before is None and after is None:
        return SchemaChange(Effect.BREAKING, "its statements were not told")
    try:
        old, new = _statements(before or ""), _statements(after or "")
    except (SqlglotError, RecursionError):
        return SchemaChange(Effect.BREAKING, "its statements cannot be read")
    added, removed = _without(new, old), _without(old, new)
    made = frozenset(_name(one) for one in added if _makes_a_table(one))
    found = [_effect(statement, made) for statement in added]
    if any(_effect(statement, frozenset()).effect is not Effect.NONE for statement in removed):
        found.append(SchemaChange(Effect.BREAKING, "takes out statements that may have run"))
    return max(found, key=lambda one: _ORDER.index(one.effect), default=SchemaChange(Effect.NONE))


# It warns of what it does not know; here that is an answer.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_ORDER: Final = tuple(Effect)
_DIALECTS: Final = ("postgres", "mysql", "tsql", "")
_REWRITES: Final = {
    exp.Drop: "drops",
    exp.TruncateTable: "empties",
    exp.Delete: "deletes rows of",
    exp.Update: "rewrites rows of",
    exp.Merge: "rewrites rows of",
}
_HARMLESS: Final = (
    exp.Select,
    exp.SetOperation,
    exp.Comment,
    exp.Set,
    exp.Use,
    exp.Transaction,
    exp.Commit,
    exp.Semicolon,
)


def _statements(text: str) -> list[Node]:
    """What the first dialect makes of a text that understands all of it."""
    failed: SqlglotError | None = None
    for dialect in _DIALECTS:
        try:
            found = [one for one in parse(text, dialect=dialect) if isinstance(one, Node)]
        except SqlglotError as cause:
            failed = cause
            continue
        if not any(one.find(exp.Command) for one in found):
            return found
    raise failed or SqlglotError("no dialect knows every statement")


def _without(ones: list[Node], others: list[Node]) -> list[Node]:
    there = Counter(one.sql(comments=False) for one in others)
    left: list[Node] = []
    for one in ones:
        text = one.sql(comments=False)
        if there[text]:
            there[text] -= 1
        else:
            left.append(one)
    return left


def _makes_a_table(statement: Node) -> bool:
    """With IF NOT EXISTS the table may have been there, and be in use."""
    is_table = isinstance(statement, exp.Create) and str(statement.kind).lower() == "table"
    return is_table and not statement.args.get("exists")


def _effect(statement: Node, made: frozenset[str]) -> SchemaChange:
    """The effect of one statement, beside tables that are made by the same change."""
    if isinstance(statement, exp.Alter):
        return _altered(statement, made)
    for kind, words in _REWRITES.items():
        # Also inside: WITH gone AS (DELETE ...) SELECT ...
        if found := statement.find(kind):
            return SchemaChange(Effect.BREAKING, f"{words} {_name(found) or 'something'}")
    if isinstance(statement, exp.Create):
        return _created(statement, made)
    if isinstance(statement, exp.Insert):
        replaces = statement.args.get("conflict") or statement.args.get("overwrite")
        words = "rewrites rows of" if replaces else "adds rows to"
        effect = Effect.BREAKING if replaces else Effect.ADDITIVE
        return SchemaChange(effect, f"{words} {_name(statement)}")
    if isinstance(statement, _HARMLESS) and not statement.find(exp.Insert, exp.Into):
        return SchemaChange(Effect.NONE)
    return SchemaChange(Effect.BREAKING, f"does what cannot be judged: {statement.key}")


def _created(statement: exp.Create, made: frozenset[str]) -> SchemaChange:
    kind, name = str(statement.kind).lower(), _name(statement)
    if statement.args.get("replace"):
        return SchemaChange(Effect.BREAKING, f"replaces {kind} {name}")
    if kind == "index":
        return _indexed(statement, made)
    if kind in ("table", "view", "schema", "sequence", "type"):
        return SchemaChange(Effect.ADDITIVE, f"makes {kind} {name}")
    return SchemaChange(Effect.BREAKING, f"makes {kind} {name}")


def _indexed(statement: exp.Create, made: frozenset[str]) -> SchemaChange:
    table = statement.find(exp.Table)
    name = table.name.lower() if table else ""
    if name in made:
        return SchemaChange(Effect.ADDITIVE, f"indexes {name}, which it makes")
    if statement.args.get("unique"):
        return SchemaChange(Effect.BREAKING, f"demands unique values of {name}")
    if not statement.args.get("concurrently"):
        return SchemaChange(Effect.BREAKING, f"locks {name} while it is indexed")
    return SchemaChange(Effect.ADDITIVE, f"indexes {name}")


def _altered(statement: exp.Alter, made: frozenset[str]) -> SchemaChange:
    table = _name(statement)
    if table in made:
        return SchemaChange(Effect.ADDITIVE, f"alters {table}, which it makes")
    actions = [SchemaChange(*_action(one, table)) for one in _actions(statement)]
    unread = SchemaChange(Effect.BREAKING, f"alters {table}")
    return max(actions, key=lambda one: _ORDER.index(one.effect), default=unread)


def _actions(statement: exp.Alter) -> Iterator[Any]:
    for action in statement.args.get("actions") or ():
        yield from action.expressions if isinstance(action, exp.Schema) else (action,)


def _action(action: Any, table: str) -> tuple[Effect, str]:
    """The effect of one action of ALTER TABLE."""
    if isinstance(action, exp.ColumnDef):
        return _added(action, table)
    if isinstance(action, exp.Drop):
        kind = str(action.args.get("kind") or "column").lower()
        return Effect.BREAKING, f"drops {kind} {_named(action)} of {table}"
    if isinstance(action, exp.AlterColumn) and _widens(action):
        return Effect.ADDITIVE, f"widens column {action.name} of {table}"
    if isinstance(action, exp.AlterColumn | exp.RenameColumn):
        return Effect.BREAKING, f"alters column {_named(action)} of {table}"
    return Effect.BREAKING, f"alters {table}"


def _added(column: exp.ColumnDef, table: str) -> tuple[Effect, str]:
    kinds = [one.args.get("kind") for one in column.args.get("constraints") or ()]
    harmless = (exp.DefaultColumnConstraint, exp.CommentColumnConstraint)
    named = f"column {column.name}"
    required = any(_requires(kind) for kind in kinds)
    if required and not any(isinstance(kind, exp.DefaultColumnConstraint) for kind in kinds):
        return Effect.BREAKING, f"adds {named} that may not be NULL to {table}"
    others = [
        kind for kind in kinds if not isinstance(kind, (*harmless, exp.NotNullColumnConstraint))
    ]
    if others:
        return Effect.BREAKING, f"adds {named} with a constraint to {table}"
    return Effect.ADDITIVE, f"adds {named} to {table}"


def _requires(kind: Any) -> bool:
    return isinstance(kind, exp.NotNullColumnConstraint) and not kind.args.get("allow_null")


def _widens(action: exp.AlterColumn) -> bool:
    """DROP NOT NULL and SET DEFAULT take nothing from anybody."""
    given = {name for name, value in action.args.items() if value}
    drops_not_null = bool(action.args.get("drop") and action.args.get("allow_null"))
    return drops_not_null or given == {"this", "default"}


def _name(statement: Node) -> str:
    """The first table that a statement names, written as most engines fold it."""
    table = statement.find(exp.Table)
    return table.name.lower() if table else ""


def _named(action: Node) -> str:
    found = action.find(exp.Identifier)
    return found.name if found else "something"
