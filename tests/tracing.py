"""Reads the queries that a postmortem prints, and what its numbers are in their answers."""

import re
import shlex
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from errorbudget import clock
from errorbudget.postmortem.telling import count, day_and_time, duration, percent
from errorbudget.program.program import Program

Answer = Callable[[str], Any]
_QUERY = re.compile(r"^\*\*\[(\w+)\]\*\* `(.+)`$", re.MULTILINE)
_NUMBER = re.compile(r"^- `(\S+)`: (.+)$", re.MULTILINE)


def untraced(markdown: str, answer: Answer) -> list[str]:
    """The numbers that their query, asked again, does not tell; with how many there are, last."""
    queries = markdown[markdown.index("## Queries") :]
    found = list[str]()
    numbers = 0
    for at in [*_QUERY.finditer(queries)]:
        told = answer(at[2])
        following = _QUERY.search(queries, at.end())
        for one in _NUMBER.finditer(queries, at.end(), following.start() if following else -1):
            numbers += 1
            if one[2] not in _said(_value(told, one[1])):
                found.append(f"[{at[1]}] {one[1]} is {_value(told, one[1])}, not {one[2]}")
    return [*found, f"{numbers} numbers"]


def _value(told: Any, path: str) -> Any:
    for name, place in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        told = told[name] if name else told[int(place)]
    return told


def _said(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield day_and_time(value)
        yield f"{clock.parse(value):%H:%M} UTC"
        return
    yield from (count(value), percent(value))
    if isinstance(value, int):
        yield duration(value)


def of(program: Program) -> Answer:
    """What the command line answers to a query, of a program that is open here."""

    def answer(command: str) -> Any:
        words = shlex.split(command)[1:]
        asked = {"--json": ""} | dict(pairwise(words))
        since, until, at = (
            clock.parse(asked[name]) if name in asked else clock.now()
            for name in ("--from", "--to", "--at")
        )
        match words:
            case ["postmortem", "impact", service, objective, *_]:
                return program.postmortems.impact(service, objective, since, until, at=at)
            case ["explain", service, objective, *_]:
                found = program.explaining.explain(
                    service, objective, since=since, until=until, at=at
                )
                return found.as_dict()
            case ["room", service, objective, *_]:
                return program.postmortems.room(service, objective, at=at)
            case _:
                raise AssertionError(command)

    return answer
