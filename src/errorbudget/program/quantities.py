"""Sizes and spans of time as a configuration writes them."""

from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, PlainSerializer

from errorbudget.objective import notation

_UNITS: Final = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SECONDS: Final = {"ms": 0.001, "s": 1.0}


def _size(value: object) -> object:
    """`16MiB` in bytes."""
    if not isinstance(value, str):
        return value
    for unit in ("KiB", "MiB", "GiB", "B"):
        number = value.removesuffix(unit).strip()
        if value.endswith(unit) and number.isdigit():
            return int(number) * _UNITS[unit]
    raise ValueError(f"{value!r} is no size; write it as 16MiB")


def _span(value: object) -> object:
    """`3d`, `15m`, `2s` as a span of time."""
    if not isinstance(value, str):
        return value
    for unit, seconds in _SECONDS.items():
        number = value.removesuffix(unit)
        if value.endswith(unit) and number.replace(".", "", 1).isdigit():
            return timedelta(seconds=float(number) * seconds)
    return timedelta(minutes=notation.minutes(value))


Bytes = Annotated[int, BeforeValidator(_size), Field(gt=0)]
Span = Annotated[
    timedelta,
    BeforeValidator(_span),
    Field(gt=timedelta()),
    PlainSerializer(lambda span: span.total_seconds(), return_type=float),
]
