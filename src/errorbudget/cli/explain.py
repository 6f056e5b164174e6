"""`errorbudget explain`: what broke, since when, where, for whom, what changed, what logs say."""

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from errorbudget.cli.door import entered
from errorbudget.cli.options import At, Json, asked_moment, moment, print_json

SHOWN = 3
"""Findings, changes and patterns of logs that fit a first screen."""


def explain(
    service: str,
    objective: str,
    *,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="The burn's start (RFC 3339).")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Its end.")] = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """What broke: a burn, now or in the past, with everything that is known of it."""
    with entered() as door:
        told = door.explaining.explain(
            service,
            objective,
            since=None if since is None else moment(since, "--from"),
            until=None if until is None else moment(until, "--to"),
            at=asked_moment(at),
        )
    if as_json:
        print_json(told)
    else:
        sys.stdout.write("\n".join(text(told)) + "\n")


def text(told: dict[str, Any]) -> Iterator[str]:
    """An explanation as a person reads it: the first line stands alone."""
    yield told["headline"]
    yield from _burn(told)
    for heading, lines in (
        ("Since", _since(told["onset"])),
        ("Where", map(_finding, told["where"][:SHOWN])),
        ("Who", [told["who"]["sentence"]]),
        ("Changes", map(_change, told["changes"][:SHOWN])),
        ("Logs", map(_pattern, told["logs"][:SHOWN])),
        ("Limits", told["limits"]),
        ("Next", _next(told)),
    ):
        yield from _section(heading, list(lines))


def _section(heading: str, lines: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"{'' if number else heading:<9}{line}"


def _burn(told: dict[str, Any]) -> Iterator[str]:
    burn = told["burn"]
    yield f"{'Time':<9}{_minute(told['from'])} – {_minute(told['to'])} UTC"
    yield f"{'Alert':<9}{burn['alert']}: {burn['reason']}"
    left = "unknown" if burn["remaining"] is None else f"{burn['remaining']:.1%} left"
    if burn["exhausts_at"]:
        left += f", spent by {_minute(burn['exhausts_at'])} UTC at this pace"
    yield f"{'Budget':<9}{left}"


def _since(onset: dict[str, Any] | None) -> list[str]:
    if onset is None:
        return []
    earliest, latest = (_minute(onset[edge]) for edge in ("earliest", "latest"))
    return [f"{_minute(onset['at'])} UTC, surely between {earliest} and {latest}"]


def _finding(one: dict[str, Any]) -> str:
    pairs = (f"{column}={value or '(empty)'}" for column, value in one["match"].items())
    before = one["baseline_rate"]
    usual = "no such requests before" if before is None else f"{before:.2%} before"
    return (
        f"{' and '.join(pairs)}: {one['share']:.0%} of the excess;"
        f" {one['rate']:.2%} of {one['n']:,} fail, {usual}"
    )


def _change(one: dict[str, Any]) -> str:
    fits = "coincides" if one["fits"] else "does not fit"
    return f"{one['change']} {fits}: {'; '.join(map(str, one['evidence']))}"


def _pattern(one: dict[str, Any]) -> str:
    traces = f"; traces {', '.join(one['trace_ids'])}" if one["trace_ids"] else ""
    counts = f"{one['count']:,}, {one['baseline_count']:,} before"
    return f"{one['template']} ({one['reason']}; {counts}{traces})"


def _next(told: dict[str, Any]) -> list[str]:
    lines = [f"runbook {told['runbook']}"] if told["runbook"] else []
    owners = (f"{role}: {', '.join(names)}" for role, names in told["owners"].items())
    return [*lines, *owners]


def _minute(stamp: str) -> str:
    return stamp[:16].replace("T", " ")
