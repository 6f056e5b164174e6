"""Plain values as YAML, laid out as a person would."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from errorbudget.objective.formats.imported import written


def as_yaml(value: Mapping[str, Any]) -> str:
    """A mapping of texts, numbers, lists and mappings as one document."""
    return "\n".join(_mapping(value, "")) + "\n"


def _mapping(fields: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, dict) and value:
            yield f"{indent}{name}:"
            yield from _mapping(value, indent + "  ")
        elif isinstance(value, list) and value:
            yield f"{indent}{name}:"
            yield from _items(value, indent + "  ")
        else:
            yield f"{indent}{name}: {_scalar(value)}"


def _items(items: list[Any], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, dict) and item:
            first, *rest = _mapping(item, indent + "  ")
            yield f"{indent}- {first.removeprefix(indent + '  ')}"
            yield from rest
        else:
            yield f"{indent}- {_scalar(item)}"


def _scalar(value: Any) -> str:
    match value:
        case str():
            return written(value)
        case Decimal():
            return f"{value:f}"
        case _:
            return json.dumps(value)
