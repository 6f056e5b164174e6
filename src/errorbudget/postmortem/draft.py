"""What a postmortem says by itself: its data sections, and a first text around them."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from errorbudget.postmortem import prospects
from errorbudget.postmortem.telling import (
    Telling,
    Told,
    count,
    day_and_time,
    main_cost,
    percent,
    plain,
)

HEADINGS: Final = {
    "summary": "",
    "impact": "Impact",
    "detection": "Detection and recovery",
    "timeline": "Timeline",
    "pictures": "Pictures",
    "where": "Where and who",
    "changes": "Related changes",
    "logs": "Log findings",
    "preventions": "What would have kept it small",
    "room": "What remains",
    "similar": "Similar incidents before",
    "queries": "Queries",
}
"""The sections of the program in their order; the judgment of people stands before the queries."""

JUDGMENT: Final = """\

## Root cause
<!-- errorbudget:human root-cause -->
<!-- Yours: why it could happen, not who did it. It cannot be published while this is empty. -->
<!-- /errorbudget:human -->

## What went well
<!-- errorbudget:human went-well -->
<!-- Yours: what kept it from being worse, by skill and by luck. -->
<!-- /errorbudget:human -->

## Action items
<!-- errorbudget:human actions -->
<!-- Yours, one a line:
- [ ] what is to be done (owner: ana@shop.example, due: 2026-10-01)
`[x]` is done. Or: `No action: why`. -->
<!-- /errorbudget:human -->
"""


def first(id_: str, told: Told) -> str:
    """The first text of a postmortem."""
    body = list[str]()
    for name, text in sections(id_, told).items():
        if name == "queries":
            body.append(JUDGMENT)
        heading = f"\n## {HEADINGS[name]}\n" if HEADINGS[name] else "\n"
        body.append(f"{heading}<!-- errorbudget:data {name} -->{text}<!-- /errorbudget:data -->\n")
    head = f"<!-- errorbudget:postmortem {id_} version 1 -->"
    return f"{head}\n# {title(told)}\n{''.join(body)}"


def title(told: Told) -> str:
    """`checkout: requests fail in route=/pay and region=eu, 20 July 2026, 14:07 UTC`."""
    impact = told["impact"]
    return plain(f"{impact['service']}: {_what(told)}, {day_and_time(impact['from'])}")


def _what(told: Told) -> str:
    impact, kind = told["impact"], told["impact"]["kind"]
    cost = next(one for one in impact["costs"] if one["objective"] == impact["objective"])
    if kind["cause"] == "flood":
        return f"tenant {kind['place']} floods it"
    if impact["few_requests"]:
        return "requests stop coming"
    if not cost["seen"]:
        missed = impact["lost"] and impact["lost"]["interval"][0]
        return "requests stay away" if missed else "no request fails"
    return {
        "change": _where(told) or "requests fail",
        "silence": "requests stay away",
        "slice": f"requests fail in {kind['place']}",
    }.get(kind["cause"], "requests fail")


def _where(told: Told) -> str:
    places = told["explain"]["where"]
    return f"requests fail in {_slice(places[0]['match'])}" if places else ""


def _slice(match: Mapping[str, str]) -> str:
    return " and ".join(f"{column}={value or '(empty)'}" for column, value in match.items())


def sections(id_: str, told: Told) -> dict[str, str]:
    """By name, what each data section says now."""
    of = Telling(told)
    written = {
        "summary": _summary(of),
        "impact": _impact(of),
        "detection": _detection(of),
        "timeline": _timeline(of),
        "pictures": _pictures(of, id_),
        "where": _where_and_who(of),
        "changes": _changes(of),
        "logs": _logs(of),
        "preventions": prospects.preventions(of),
        "room": prospects.room(of),
        "similar": prospects.similar(of),
    }
    said = {name: f"\n{chr(10).join(lines)}\n" for name, lines in written.items()}
    return said | {"queries": f"\n{_QUERIES}\n\n{of.queries()}"}


_QUERIES: Final = (
    "Every number above is read out of what these commands print; the list says where in it."
    " A name in brackets after a sentence is the query that tells it."
)


def _summary(of: Telling) -> Iterator[str]:
    main = main_cost(of)
    cost = ("costs", main)
    over = of.get("impact", "burning")
    until = "still burning as of" if over else "until"
    edge = of.at("impact", "at") if over else of.at("impact", "to")
    yield (
        f"**{of.text('impact', 'service')}**, objective {of.text('impact', 'objective')}"
        f" ({of.text('impact', *cost, 'target')}), from {of.at('impact', 'from')}"
        f" {until} {edge}: {of.minutes('impact', 'minutes')}. [impact]"
    )
    yield ""
    if of.get("impact", "few_requests"):
        yield f"No valid request came in this time. {_lost(of)} [impact]"
    else:
        yield (
            f"{of.count('impact', *cost, 'seen')} of {of.count('impact', *cost, 'valid')}"
            f" requests failed; {of.count('impact', *cost, 'usual')} would have failed anyway."
            f" {_cost(of, cost)} {_lost(of)} [impact]"
        )
    yield ""
    yield f"{_known(of)} [explain]"
    yield ""
    yield f"{_told_and_over(of)} [impact]"


def _cost(of: Telling, cost: tuple[str, int]) -> str:
    shares = [
        f"**{of.share('impact', *cost, 'windows', place, 'share')} of the budget of the"
        f" {one['name']}** ({one['dates'][0]} to {one['dates'][1]})"
        for place, one in enumerate(of.get("impact", *cost, "windows"))
    ]
    range_ = _between(of, *cost, "interval") if of.get("impact", *cost, "few") else ""
    between = f" (nine times in ten {range_})" if range_ else ""
    return (
        f"That cost {_joined(shares)}: {of.count('impact', *cost, 'excess')} bad requests beyond"
        f" the usual{between}.{_shared(of, cost)}"
    )


def _shared(of: Telling, cost: tuple[str, int]) -> str:
    """Why fewer count than failed, where other postmortems are of the same minutes."""
    gross, seen = (of.get("impact", *cost, what) for what in ("gross", "seen"))
    if gross >= seen:
        return ""
    part = of.count("impact", *cost, "gross")
    return f" Only {part} of what failed count here; the rest does in postmortems that overlap it."


def _between(of: Telling, *path: str | int) -> str:
    """From where to where; empty where both ends read alike, which would say nothing."""
    low, high = of.get("impact", *path)
    if count(low) == count(high):
        return ""
    return f"{of.count('impact', *path, 0)} to {of.count('impact', *path, 1)}"


def _lost(of: Telling) -> str:
    if of.get("impact", "lost") is None:
        return (
            "Whether demand was lost is not known: there is too little history, or the data ends"
            " before."
        )
    expected, came = of.count("impact", "lost", "expected"), of.count("impact", "lost", "came")
    if not of.get("impact", "lost", "interval", 0):
        return f"No demand was visibly lost: about {expected} requests are usual, {came} came."
    range_ = _between(of, "lost", "interval")
    between = f" ({range_})" if range_ else ""
    lost = of.count("impact", "lost", "lost")
    return f"About {lost} requests never came{between}: {expected} are usual, {came} came."


def _known(of: Telling) -> str:
    fitting = next((one for one in of.get("explain", "changes") if one["fits"]), None)
    where = of.get("explain", "where")
    said = list[str]()
    if where:
        said.append(f"{_part(of)} of the excess is in {plain(_slice(where[0]['match']))}.")
    if fitting:
        name = f"{fitting['kind']} {fitting['change']}"
        said.append(f"It coincides with {plain(name)}.")
    if of.get("impact", "burning") and of.get("explain", "first_move"):
        said.append(of.text("explain", "first_move"))
    elif fitting is None:
        said.append("No change that is known fits.")
    return " ".join(said)


def _part(of: Telling) -> str:
    """More than all of it, where fewer than usual fail elsewhere, reads as a slip: it is all."""
    if of.get("explain", "where", 0, "share") >= _ALL:
        return "All"
    return of.share("explain", "where", 0, "share")


_ALL: Final = 0.9995
"""From here on a share would be printed as 100.0 % or more."""


def _told_and_over(of: Telling) -> str:
    times = of.get("impact", "times")
    said = [_alerted(of)]
    if times["acknowledged"]:
        said.append(
            f"{plain(times['acknowledged_by'])} saw to it after"
            f" {of.minutes('impact', 'times', 'acknowledged_after')}."
        )
    if times["rolled_back"]:
        after = of.minutes("impact", "times", "rollback_after")
        said.append(f"A rollback began after {after}.")
    if times["ended_after"] is None:
        said.append("It has not recovered yet.")
    else:
        said.append(f"It was over after {of.minutes('impact', 'times', 'ended_after')}.")
    return " ".join(said)


def _alerted(of: Telling) -> str:
    times = of.get("impact", "times")
    if times["alerted"] is None:
        return "No alert spoke, and by the document's rules none would have."
    after, at = of.minutes("impact", "times", "alert_after"), of.time("impact", "times", "alerted")
    spent = of.count("impact", "times", "spent_before_alert")
    if times["alert_recorded"]:
        return (
            f"The alert spoke after {after}, at {at}, when {spent} requests beyond the usual had"
            " failed."
        )
    return (
        f"No alert is on record; by the document's rules one speaks after {after}, at {at},"
        f" when {spent} requests beyond the usual had failed."
    )


def _impact(of: Telling) -> Iterator[str]:
    yield "| objective | of the budget of | bad beyond the usual | share | all bad | share |"
    yield "|---|---|---:|---:|---:|---:|"
    for place, one in enumerate(of.get("impact", "costs")):
        for number, window in enumerate(one["windows"]):
            path: tuple[str | int, ...] = ("costs", place, "windows", number)
            share = of.share("impact", *path, "share")
            if one["few"] and _says_more(window["share_interval"]):
                low, high = (of.share("impact", *path, "share_interval", end) for end in (0, 1))
                share = f"{share} ({low} to {high})"
            yield (
                f"| {plain(one['objective'])} {one['target']} |"
                f" {window['name']}, {window['dates'][0]} to {window['dates'][1]} |"
                f" {of.count('impact', *path, 'excess')} | {share} |"
                f" {of.count('impact', *path, 'gross')} |"
                f" {of.share('impact', *path, 'share_gross')} |"
            )
    yield ""
    yield (
        "Beyond the usual: less what fails in the same hours of the four weeks before. Where"
        " incidents overlap each has its part, so that they add up. A range holds nine times in"
        " ten. [impact]"
    )
    yield ""
    yield f"{_lost(of)} [impact]"


def _says_more(interval: list[float] | None) -> bool:
    """Whether a range of shares has two ends that a reader can tell apart."""
    return interval is not None and percent(interval[0]) != percent(interval[1])


def _detection(of: Telling) -> Iterator[str]:
    times = of.get("impact", "times")
    yield "| what | when | after |"
    yield "|---|---|---:|"
    yield f"| it began | {of.at('impact', 'times', 'began')} | |"
    rows = (
        ("an alert spoke" if times["alert_recorded"] else "an alert would have spoken", "alert"),
        ("somebody saw to it", "acknowledge"),
        ("a rollback began", "rollback"),
        ("it was over", "end"),
    )
    keys = {
        "alert": ("alerted", "alert_after"),
        "acknowledge": ("acknowledged", "acknowledged_after"),
        "rollback": ("rolled_back", "rollback_after"),
        "end": ("ended", "ended_after"),
    }
    for what, key in rows:
        when, after = keys[key]
        if times[when] is not None:
            at, long = of.at("impact", "times", when), of.minutes("impact", "times", after)
            yield f"| {what} | {at} | {long} |"
        else:
            yield f"| {what} | – | |"
    if times["resolved"]:
        yield f"| the last alert said that it is over | {of.at('impact', 'times', 'resolved')} | |"
    yield ""
    sure = of.get("explain", "onset")
    if sure:
        one_day = sure["earliest"][:10] == sure["latest"][:10]
        told = of.time if one_day else of.at
        earliest, latest = (told("explain", "onset", end) for end in ("earliest", "latest"))
        what = "It began" if _at_once(of) else "It came in bursts; the sharpest rise was"
        yield f"{what} between {earliest} and {latest}, as far as the counts tell. [explain]"
    else:
        yield "When it began cannot be told from the counts. [explain]"


def _at_once(of: Telling) -> bool:
    """Whether the rise that the counts tell of is where it began."""
    began, earliest, latest = (
        datetime.fromisoformat(of.get(*path))
        for path in (
            ("impact", "from"),
            ("explain", "onset", "earliest"),
            ("explain", "onset", "latest"),
        )
    )
    return earliest - _APART <= began <= latest + _APART


_APART: Final = timedelta(minutes=10)


def _timeline(of: Telling) -> Iterator[str]:
    yield "| UTC | source | what |"
    yield "|---|---|---|"
    lines = of.get("impact", "timeline")
    days = {one["at"][:10] for one in lines}
    for one in lines:
        spec = "%H:%M:%S" if len(days) == 1 else "%Y-%m-%d %H:%M"
        at = f"{datetime.fromisoformat(one['at']):{spec}}"
        yield f"| {at} | {one['source']} | {plain(one['text'])} |"
    yield ""
    again = "; ".join(dict.fromkeys(f"`{one['query']}`" for one in lines))
    yield f"The sources again: {again}. All lines: `.timeline` of [impact]."


def _pictures(of: Telling, id_: str) -> Iterator[str]:
    yield f"![Share of bad requests, with what happened]({id_}.burn.svg)"
    yield ""
    yield f"![What is left of the budget]({id_}.budget.svg)"
    line = next(one["lines"] for one in of.get("explain", "sections") if one["heading"] == "Burn")
    yield ""
    yield f"`{line[-1]}` [explain]"


def _where_and_who(of: Telling) -> Iterator[str]:
    places = of.get("explain", "where")[:_PLACES]
    if places:
        yield "| where | of the excess | failing | of requests | before |"
        yield "|---|---:|---:|---:|---:|"
    for place, one in enumerate(places):
        path: tuple[str | int, ...] = ("where", place)
        before = one["baseline_rate"]
        usual = "none came" if before is None else of.share("explain", *path, "baseline_rate")
        yield (
            f"| {plain(_slice(one['match']))} | {of.share('explain', *path, 'share')} |"
            f" {of.share('explain', *path, 'rate')} | {of.count('explain', *path, 'n')} |"
            f" {usual} |"
        )
    if not places:
        yield "No attribute of the requests stands out. [explain]"
    yield ""
    yield f"{of.text('explain', 'who', 'sentence')} [explain]"


_SHOWN: Final = 5
_PLACES: Final = 3


def _changes(of: Telling) -> Iterator[str]:
    changes = of.get("explain", "changes")[:_SHOWN]
    for one in changes:
        word = "**coincides**" if one["fits"] else "does not fit"
        name = plain(f"{one['kind']} {one['change']}")
        evidence = "; ".join(plain(said) for said in one["evidence"])
        yield f"- {name} of {day_and_time(one['started'])} {word}: {evidence}"
    yield from _limits(of, changes)


def _limits(of: Telling, changes: list[Any]) -> Iterator[str]:
    if not changes:
        yield "No change of the day before it is known."
    limits = [plain(one) for one in of.get("explain", "limits")]
    yield ""
    yield f"What is not sure: {' '.join(limits) or 'nothing that is known.'} [explain]"


def _logs(of: Telling) -> Iterator[str]:
    logs = of.get("explain", "logs")[:_SHOWN]
    for place, one in enumerate(logs):
        now = of.count("explain", "logs", place, "count")
        before = of.count("explain", "logs", place, "baseline_count")
        traces = ", ".join(f"`{plain(trace)}`" for trace in one["trace_ids"])
        yield (
            f"- “{plain(one['template'])}”: {now} records, {before} in the time before"
            f" ({plain(one['reason'])}){f'; requests {traces}' if traces else ''}"
        )
    if logs:
        yield ""
    yield ("" if logs else "No log record of its time stands out. ") + "[explain]"


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
