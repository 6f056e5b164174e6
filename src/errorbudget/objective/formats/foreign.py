"""What does a file of another tool say, on which line, and which of it has nobody read yet?

YAML and JSON, one document or several, also as one list. Scalars keep their text: a time stays what
was written, and a number is exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from errorbudget.errors import DocumentInvalid

_LARGEST: Final = 4 * 2**20
"""Characters of one file."""
_MOST: Final = 200_000
"""Fields and items of one file, aliases followed."""
_TAG: Final = "tag:yaml.org,2002:"


@dataclass(slots=True)
class Node:
    """A mapping, a list or a scalar, and where it stands."""

    value: "dict[str, Node] | list[Node] | str | Decimal | bool | None"
    line: int
    place: str
    read: bool = field(default=False)

    def get(self, *names: str) -> "Node | None":
        """The field at a path below this one, now read; None where it is missing or empty."""
        here: Node | None = self
        for name in names:
            fields = here.value if here else None
            here = fields.get(name) if isinstance(fields, dict) else None
            if here:
                here.read = True
        return here if here and here.value is not None else None

    def text(self, *names: str) -> str:
        """The text of a field, empty where there is none."""
        found = self.get(*names)
        if found is None or isinstance(found.value, dict | list):
            return ""
        if isinstance(found.value, bool):
            return str(found.value).lower()
        return str(found.value).strip()

    def number(self, *names: str) -> Decimal | None:
        """The number in a field, also one in quotes."""
        try:
            return Decimal(self.text(*names))
        except InvalidOperation:
            return None

    def items(self, *names: str) -> "list[Node]":
        """The items of a list, now read."""
        found = self.get(*names) if names else self
        items = found.value if found and isinstance(found.value, list) else []
        for item in items:
            item.read = True
        return items

    def fields(self, *names: str) -> "dict[str, Node]":
        """The fields of a mapping, now read."""
        found = self.get(*names) if names else self
        fields = found.value if found and isinstance(found.value, dict) else {}
        for one in fields.values():
            one.read = True
        return fields

    def at(self, *names: str) -> "Node":
        """The field at a path, or the nearest there is around it: where to point a person to."""
        here = self
        for name in names:
            below = here.value.get(name) if isinstance(here.value, dict) else None
            if below is None:
                break
            here = below
        return here

    def settle(self) -> None:
        """Count all of it as read: something else was said of it."""
        self.read = True
        for below in self._below():
            below.settle()

    def unread(self) -> "Iterator[Node]":
        """The outermost fields that nobody read, in the order they stand in."""
        for below in self._below():
            if below.read:
                yield from below.unread()
            elif below.value not in (None, {}, []):
                yield below

    def _below(self) -> "list[Node]":
        if isinstance(self.value, dict):
            return list(self.value.values())
        return self.value if isinstance(self.value, list) else []


def documents(text: str, file: str) -> list[Node]:
    """Every document of a file. Raises DocumentInvalid naming the line that cannot be read."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if len(text) > _LARGEST:
        raise DocumentInvalid(f"{file}:1: document: is larger than {_LARGEST >> 20} MiB; split it")
    try:
        composed = list(YAML(typ="safe", pure=True).compose_all(text.removeprefix("\ufeff")))
        reading = _Reading()
        found = [reading.node(one, "") for one in composed if one is not None]
    except MarkedYAMLError as cause:
        mark = cause.problem_mark or cause.context_mark
        line = mark.line + 1 if mark else 1
        told = " ".join(str(cause.problem or cause.context).split())
        raise DocumentInvalid(f"{file}:{line}: document: is not YAML: {told}") from None
    except (YAMLError, ValueError, RecursionError) as cause:
        told = " ".join(str(cause).split())
        raise DocumentInvalid(f"{file}:1: document: is not YAML: {told}") from None
    flat = [item for one in found for item in (one.value if isinstance(one.value, list) else [one])]
    if not flat:
        raise DocumentInvalid(f"{file}:1: document: is empty")
    return flat


class _Reading:
    """Turns YAML's nodes into ours, and stops where aliases make too many of them."""

    def __init__(self) -> None:
        self._left = _MOST

    def node(self, from_: Any, place: str) -> Node:
        from ruamel.yaml.nodes import MappingNode, SequenceNode

        self._left -= 1
        if self._left < 0 or place.count(".") > 60:
            raise ValueError("it is too deep or has too many fields, or refers to itself")
        line = from_.start_mark.line + 1
        if isinstance(from_, SequenceNode):
            items = [self.node(one, f"{place}.{n}") for n, one in enumerate(from_.value)]
            return Node(items, line, place.lstrip("."))
        if isinstance(from_, MappingNode):
            return Node(self._fields(from_, place), line, place.lstrip("."))
        return Node(_scalar(str(from_.tag), str(from_.value)), line, place.lstrip("."))

    def _fields(self, mapping: Any, place: str) -> dict[str, Node]:
        fields = dict[str, Node]()
        for key, value in mapping.value:
            name = str(key.value)
            if name == "<<":
                merged = value.value if isinstance(value.value, list) and not _is_map(value) else []
                for one in merged or [value]:
                    fields = self._fields(one, place) | fields
                continue
            below = self.node(value, f"{place}.{name}")
            # A field's line is its name's: a block scalar begins on the next one.
            below.line = key.start_mark.line + 1
            fields[name] = below
        return fields


def _is_map(node: Any) -> bool:
    from ruamel.yaml.nodes import MappingNode

    return isinstance(node, MappingNode)


def _scalar(tag: str, text: str) -> str | Decimal | bool | None:
    match tag.removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() in ("true", "yes", "on")
        case "int" | "float":
            try:
                number = Decimal(text.replace("_", ""))
            except InvalidOperation:
                return text
            return number if number.is_finite() else text
        case _:
            return text
