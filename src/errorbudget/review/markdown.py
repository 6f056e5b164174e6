"""A review as Markdown: two pages to act on, kept or not and what changes first, then evidence."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from errorbudget.review import sentences
from errorbudget.review.wording import at, clean, exact, listed, share, times

Told = Mapping[str, Any]


def markdown(told: Told, *, asking: bool = True) -> str:
    """The whole review, with the questions that give its numbers again."""
    text = "\n".join(_lines(told)) + "\n"
    return f"{text}## Ask again\n\n{again(told)}" if asking else text


def again(told: Told) -> str:
    """Those questions, each with its answer."""
    return "\n".join(_again(told)) + "\n"


def _lines(told: Told) -> Iterator[str]:
    yield f"# {told['sentence']}"
    yield ""
    yield from _overview(told)
    for one in told["services"]:
        yield f"## {clean(one['service'])}"
        yield ""
        yield one["sentence"]
        yield ""
        yield from _first(one)
    yield "## Evidence"
    yield ""
    yield (
        f"As of {at(told['as_of'])} UTC, by what is counted now: late data and corrections are in"
        " it. Freezes are told to six hours."
    )
    yield ""
    for one in told["services"]:
        yield from _evidence(one)


def _overview(told: Told) -> Iterator[str]:
    yield from _table(
        ("service", "objective", "target", ">good", ">used", ">last quarter", "next"),
        [
            (
                clean(service["service"]),
                f"{one['objective']}: {one['verdict']}",
                one["target"],
                exact(one["good"]),
                share(one["used"]),
                share(one["last"]["used"]) if one["last"] else "–",
                one["recalibration"]["sentence"],
            )
            for service in told["services"]
            for one in service["objectives"]
        ]
        + [
            (
                clean(service["service"]),
                f"{one['composite']} (composite): {one['verdict']}",
                one["target"],
                "–",
                sentences.range_of(one["used"]),
                sentences.range_of(one["last"]["used"]) if one["last"] else "–",
                "–",
            )
            for service in told["services"]
            for one in service.get("composites", ())
        ],
    )
    if not told["alone"]:
        whole = told["whole"]
        account = whole["account"]
        yield (
            f"Together: {account['bad']:,} bad requests, {account['change']:,} of changes,"
            f" {account['incident']:,} of incidents, {account['background']:,} background (one that"
            f" failed two objectives is in both). {times(whole['shipped'], 'change')} shipped,"
            f" {whole['costly'] or 'none'} permitted and burned, {whole['too_strict'] or 'none'}"
            f" refused and harmless, {times(whole['approvals'], 'approval')},"
            f" {whole['ungated'] or 'none'} past the gate."
        )
        yield ""


def _first(told: Told) -> Iterator[str]:
    """What one document's people read first."""
    for one in told["objectives"]:
        yield f"**{one['sentence']}** {sentences.compared(one)}".rstrip()
        yield ""
        if one["traffic"]["sentence"]:
            yield one["traffic"]["sentence"]
            yield ""
        if one["account"]["bad"]:
            yield from _table(
                (f"where {one['objective']} went", "when (UTC)", ">bad", ">of the budget"),
                [
                    *(
                        (what, when, f"{bad:,}", share(part))
                        for what, when, bad, part in sentences.gone(one)
                    ),
                    ("in all", "", f"{one['account']['bad']:,}", share(one["used"])),
                ],
            )
        if one["causes"]:
            yield "The largest burns, and what they pointed at:"
            yield ""
            yield from _list(
                f"{at(each['from'])}: {clean(each['first'])}" for each in one["causes"]
            )
            yield ""
        advice = one["recalibration"]
        yield f"Next: **{advice['sentence']}**. {' '.join(advice['evidence'])}"
        yield ""
    for one in told.get("composites", ()):
        yield sentences.composite(one)
        yield ""


def _evidence(told: Told) -> Iterator[str]:
    yield f"### {clean(told['service'])}: decisions and behaviour"
    yield ""
    yield from _list(sentences.decided(told["decisions"]))
    yield from _list(sentences.frozen(told))
    if told["behaviour"]:
        yield from _list([told["behaviour"]["sentence"]])
    yield from _list(sentences.alerted(told))
    yield from _list(_incidents(told))
    yield from _list(sentences.learned(told))
    yield from _list(_past_the_gate(told))
    yield from _list(_corrections(told))
    yield from _list(_versions(told))
    yield ""
    for one in told["objectives"]:
        yield from _reading(one)


def _incidents(told: Told) -> Iterator[str]:
    for one in told["incidents"]:
        until = f" to {at(one['ended'])}" if one["ended"] else ", not over"
        yield f"Incident {one['id']}, {at(one['started'])}{until}: {clean(one['title'])}."


def _past_the_gate(told: Told) -> Iterator[str]:
    ungated = sorted(told["decisions"]["ungated"], key=lambda one: -_worst(one))
    if not ungated:
        return
    shown = [
        f"{clean(one['change'])} ({one['started'][:10]}, {_refused(one)})"
        for one in ungated[:_MOST]
    ]
    more = f" and {len(ungated) - _MOST} more" if len(ungated) > _MOST else ""
    yield f"Past the gate: {times(len(ungated), 'change')}: {', '.join(shown)}{more}."


def _refused(one: Told) -> str:
    asked = f"refused in entry {one['entry']}" if one["entry"] else "nobody asked"
    costs = [f"{share(cost['share'])} of {cost['objective']}" for cost in one["costs"]]
    return f"{asked}, took {listed(costs)}" if costs else asked


def _worst(one: Told) -> float:
    """The largest share of a budget that a change took."""
    return max((cost["share"] or 0 for cost in one["costs"]), default=0.0)


def _corrections(told: Told) -> Iterator[str]:
    for one in told["corrections"]:
        yield (
            f"Corrected on {one['at'][:10]} (entry {one['entry']}):"
            f" {times(one['requests'], 'request')} as {one['as']}: {clean(one['reason'])}."
        )
    for one in told["restatements"]:
        yield (
            f"Restated after its end (entry {one['entry']}): {clean(one['objective'])} by"
            f" {one['bad']:+,} bad and {one['valid']:+,} valid."
        )


def _versions(told: Told) -> Iterator[str]:
    for one in told["versions"]:
        changes = "; ".join(clean(change) for change in one["changes"]) or "in its comments alone"
        digest = one["digest"][:12]
        yield f"From {one['since'][:10]} another version was in force ({digest}): {changes}."


def _reading(one: Told) -> Iterator[str]:
    if not one["valid"]:
        return
    by = f"left of its {one['window']['words']} budget"
    yield from _table(
        (
            f"{one['objective']} against the calendar",
            ">quarter passed",
            ">its budget used",
            f">{by}",
        ),
        [
            (
                at(month["at"]),
                share(month["elapsed"]),
                share(month["spent"]),
                share(month["left"]),
            )
            for month in one["reading"]["months"]
        ],
    )
    usual, volume = one["account"]["usual"], one["volume"]
    beyond = (
        "each line's bad requests are those beyond this share, or as its postmortem counts them."
    )
    little = f" Counts of so few say little: {volume}." if volume else ""
    yield (
        f"Seen: {share(one['coverage'])} of the quarter's minutes since the first request. Usual:"
        f" {exact(usual)} of requests bad ({usual:.6g}); {beyond}{little}"
    )
    yield ""


def _again(told: Told) -> Iterator[str]:
    yield (
        "Every count above comes from these questions, asked of the files of the home (of a copy,"
        " while a server runs). The rest is arithmetic: allowed = valid × (1 − target), used = bad"
        " ÷ allowed, a line's bad = bad − usual × valid, rounded to whole requests, or what"
        " `errorbudget postmortem show` says of the postmortem that it names. What was counted of"
        " requests that were pruned since is kept in the tallies alone."
    )
    yield ""
    for service in told["services"]:
        for one in service["queries"]:
            yield f"{clean(one['what'])} (`{one['file']}`):"
            yield ""
            yield "```sql"
            yield f"{one['sql'].strip()};"
            yield "```"
            yield ""
            if one["rows"]:
                names = [clean(what) for what in one["lines"]]
                yield from _table(
                    [*("what" for _ in names[:1]), *(f">{name}" for name in one["columns"])],
                    [
                        [*names[place : place + 1], *map(_number, row)]
                        for place, row in enumerate(one["rows"])
                    ],
                )


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else clean(str(value))


def _list(lines: Iterable[str]) -> Iterator[str]:
    yield from (f"- {line}" for line in lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table; the columns whose heads begin with > are of numbers."""
    yield f"| {' | '.join(name.removeprefix('>') for name in head)} |"
    yield f"|{'|'.join('---:' if name.startswith('>') else '---' for name in head)}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


_MOST = 8
"""Changes past the gate that are named; JSON has them all."""
