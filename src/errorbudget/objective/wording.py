"""What does a person read when a section cannot be used? What is wrong, and what to write."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, InitErrorDetails

from errorbudget.objective.notation import nearest, shown

Location = tuple[str | int, ...]


def worded(invalid: ValidationError, section: type[BaseModel]) -> ValidationError:
    """The same problems at the same places, each in our words."""
    return located(
        (error["loc"], _sentence(error, section)) for error in invalid.errors(include_url=False)
    )


def located(problems: Iterable[tuple[Location, str]]) -> ValidationError:
    """Problems at their places below the field that is being validated."""
    details = [
        InitErrorDetails(type="value_error", loc=place, input=None, ctx={"error": ValueError(what)})
        for place, what in problems
    ]
    return ValidationError.from_exception_data("section", details)


def said(error: ErrorDetails) -> str:
    """What a worded problem says."""
    return str(error.get("ctx", {}).get("error", error["msg"]))


def _sentence(error: ErrorDetails, section: type[BaseModel]) -> str:
    kind, place = error["type"], error["loc"]
    if kind == "value_error":
        return said(error)
    if kind == "extra_forbidden":
        return _unknown_field(str(place[-1]), section)
    if kind == "missing":
        return f"is missing; write `{place[-1]}: {_example(str(place[-1]), section)}`"
    if kind in _EXPECTED:
        expected = _EXPECTED[kind]
        return f"is {shown(error['input'])}, not {expected}{_way_out(error, section)}"
    words = _WORDS.get(kind)
    return words(error) if words else f"cannot be used: {error['msg']}"


def _unknown_field(name: str, section: type[BaseModel]) -> str:
    known = [field.alias or name for name, field in section.model_fields.items()]
    if near := nearest(name, known):
        return f"is an unknown field; did you mean `{near}`?"
    return f"is an unknown field; known here are {', '.join(known)}"


def _way_out(error: ErrorDetails, section: type[BaseModel]) -> str:
    value, place = error["input"], error["loc"]
    if error["type"] == "string_type" and not isinstance(value, dict | tuple):
        return f'; put it in quotes: "{shown(value)}"'
    example = _example(str(place[-1]), section) if len(place) == 1 else None
    return f"; write it as `{place[-1]}: {example}`" if example else ""


def _example(name: str, section: type[BaseModel]) -> str | None:
    for field_name, field in section.model_fields.items():
        if name == (field.alias or field_name):
            return str((field.examples or ["…"])[0]) if _shows(field) else None
    return None


def _shows(field: FieldInfo) -> bool:
    return bool(field.examples) or field.is_required()


def _one_of(error: ErrorDetails) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    return f"is {shown(error['input'])}; write {str(context.get('expected')).replace(chr(39), '')}"


def _bound(error: ErrorDetails) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    bounds = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    limits = [f"{words} {context[key]}" for key, words in bounds.items() if key in context]
    return f"is {shown(error['input'])}; write {' '.join(limits)}"


_EXPECTED: Final = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping `name: value`",
    "model_type": "a mapping `field: value`",
    "tuple_type": "a list `[one, two]`",
}
_WORDS: Final[Mapping[str, Callable[[ErrorDetails], str]]] = {
    "literal_error": _one_of,
    "enum": _one_of,
    "greater_than": _bound,
    "greater_than_equal": _bound,
    "less_than": _bound,
    "less_than_equal": _bound,
    "too_short": lambda _: "is empty; write at least one",
    "too_long": lambda _: "is too long; write fewer",
}
