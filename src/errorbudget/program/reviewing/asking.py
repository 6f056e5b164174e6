"""The questions that give a review's numbers again, asked of the home's own files."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from errorbudget import clock
from errorbudget.ledger.window import Span, moment
from errorbudget.objective.indicator import indicator
from errorbudget.policy.hindsight import Kind, Line
from errorbudget.program.reviewing.records import Records
from errorbudget.program.reviewing.reviewed import Objective, Subject
from errorbudget.review.quarter import zone
from errorbudget.review.recalibration import WINDOW, WINDOWS
from errorbudget.source.duckdb.questions import text
from errorbudget.source.duckdb.warehouse import Warehouse
from errorbudget.store.home import DATABASE, WAREHOUSE, Home

_ENTRY: Final = "cast(body as text)"


def requests(
    warehouse: Warehouse, objective: Objective, left_out: Sequence[Span]
) -> dict[str, Any]:
    """The counts of one objective: SQL, and what each row of its answer is."""
    rows = list(_rows(objective))
    spans = [span for _, span in rows]
    document = objective.subject.document
    return {
        "what": f"{document.name} {objective.name}: valid and bad requests",
        "file": WAREHOUSE,
        "sql": warehouse.counted_again(indicator(document, objective.name), spans, left_out),
        "columns": ["line", "valid", "bad"],
        "rows": [[number, *objective.past.within(span)] for number, span in enumerate(spans, 1)],
        "lines": [what for what, _ in rows],
    }


def _rows(objective: Objective) -> Iterator[tuple[str, Span]]:
    subject = objective.subject
    yield "the quarter", subject.seen
    for line in objective.account.told.lines:
        if line.kind is not Kind.BACKGROUND and line.bad:
            yield _named(line), Span(line.start, line.end)
    for one in objective.readings[:-1]:
        yield f"up to {clock.text(moment(one.minute))}", Span(subject.span.start, one.minute)
    for back in range(len(objective.windows), 0, -1):
        end = subject.until - (back - 1) * WINDOW
        yield f"four weeks, {WINDOWS - back + 1} of {WINDOWS}", Span(end - WINDOW, end)
    before = subject.quarter.before.span(zone(subject.document))
    yield "last quarter", before


def _named(line: Line) -> str:
    return f"{line.kind.value} {line.change or clock.text(moment(line.start))}"


def entries(home: Home, subject: Subject, known: Records) -> list[dict[str, Any]]:
    """What the trail and the store have of a document's quarter: SQL for SQLite."""
    services = ", ".join(map(text, subject.document.services))
    since, until = (clock.text(moment(edge)) for edge in (subject.span.start, subject.until))
    name = subject.document.name
    counts = {
        kind: len(known.of(kind, subject.seen, subject.document.services))
        for kind in ("approval", "correction", "decision")
    }
    about = f"{_field('$.body.service')} in ({services})"
    # A decision is of the moment that it was asked as of, the others of when they were recorded.
    at = f"coalesce({_field('$.body.as_of')}, {_field('$.at')})"
    return [
        {
            "what": f"{name}: approvals, corrections and decisions",
            "file": DATABASE,
            "sql": f"select {_field('$.kind')} as kind, count(*) as entries"
            f"\nfrom entry\nwhere {_field('$.kind')} in ('approval', 'correction', 'decision')"
            f"\n    and {about}\n    and {at} >= '{since}'\n    and {at} < '{until}'"
            "\ngroup by kind\norder by kind",
            "columns": ["kind", "entries"],
            "rows": [[kind, count] for kind, count in counts.items() if count],
            "lines": [],
        },
        _stored(home, subject),
    ]


def _stored(home: Home, subject: Subject) -> dict[str, Any]:
    """Changes, incidents and notices, which the store has in tables of their own."""
    services, document = subject.document.services, subject.document
    since, until = moment(subject.span.start), moment(subject.until)
    incidents = [one for service in services for one in home.incidents.list(service)]
    counts = {
        "changes": sum(len(home.changes.list(one, since=since, until=until)) for one in services),
        "incidents": sum(since <= one.started_at < until for one in incidents),
        "postmortems": sum(
            since <= moment(one.start) < until for one in home.postmortems.list(document.name)
        ),
        "notices": sum(
            one.name == document.name and bool(one.objective)
            for one in home.alerts.told(since=since, until=until)
        ),
    }
    named = ", ".join(map(text, services))
    started = f"started_at >= {_micro(subject.span.start)} and started_at < {_micro(subject.until)}"
    told = f"at >= {_micro(subject.span.start)} and at < {_micro(subject.until)}"
    return {
        "what": f"{document.name}: changes, incidents, postmortems and notices of alerts",
        "file": DATABASE,
        "sql": "select 'changes' as what, count(*) as how_many"
        f"\nfrom change\nwhere service in ({named}) and {started}"
        "\nunion all\nselect 'incidents', count(*)"
        f"\nfrom incident\nwhere service in ({named}) and {started}"
        "\nunion all\nselect 'postmortems', count(*)"
        f"\nfrom postmortem\nwhere name = {text(document.name)}"
        f" and start >= {subject.span.start} and start < {subject.until}"
        "\nunion all\nselect 'notices', count(*)"
        f"\nfrom notice\nwhere name = {text(document.name)} and objective <> '' and {told}",
        "columns": ["what", "how_many"],
        "rows": [[what, count] for what, count in counts.items()],
        "lines": [],
    }


def _field(path: str) -> str:
    return f"json_extract({_ENTRY}, '{path}')"


def _micro(minute: int) -> int:
    return minute * 60_000_000
