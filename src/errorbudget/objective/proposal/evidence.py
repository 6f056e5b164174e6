"""The evidence of a proposal as Markdown: what a product owner reads before signing."""

from collections.abc import Iterator, Mapping
from typing import Any

from errorbudget.objective.proposal.wording import duration

Told = Mapping[str, Any]

DAILY, WINDOWS, LATENCY, LEFT_OUT = "daily", "windows", "latency", "left-out"
"""The names of the pictures."""


def parts(told: Told) -> list[tuple[str, int]]:
    """All requests in parts: those that count, and each reason why others do not."""
    evidence = told["evidence"]
    excluded = evidence["excluded"]
    good, bad = evidence["valid"] - evidence["bad"], evidence["bad"]
    known = (("good", good), ("bad", bad), ("bots", excluded["bots"]))
    some = [*known, ("health checks", excluded["health_checks"])]
    partly = evidence["partly_seen"]
    rest = evidence["requests"] - partly - sum(count for _, count in some)
    return [
        *some,
        ("the client's doing", max(rest, 0)),
        ("on days seen less than half", partly),
    ]


def markdown(told: Told, pictures: Mapping[str, str]) -> str:
    """The page for a proposal as JSON has it; `pictures` says where each drawn picture lies."""
    return "\n".join(_lines(told, pictures)) + "\n"


def _lines(told: Told, pictures: Mapping[str, str]) -> Iterator[str]:
    commit = told["commit"]
    what = f"{commit['target']} is proposed" if commit else "no target is proposed"
    yield f"# {told['service']}: {what}"
    yield ""
    yield from (f"- {one}" for one in told["sentences"])
    yield from (f"- **Mind:** {one}" for one in told["warnings"])
    yield ""
    yield from _what_counts(told, pictures)
    yield from _days(told, pictures)
    yield from _candidates(told, pictures)
    yield from _latency(told, pictures)
    yield from _incidents(told)
    yield from _people(told)
    if told["later"]:
        yield "## For later"
        yield ""
        yield from (f"- {one}" for one in told["later"])
        yield ""
    yield from _again(told)


def _what_counts(told: Told, pictures: Mapping[str, str]) -> Iterator[str]:
    indicator, evidence = told["indicator"], told["evidence"]
    yield "## What counts, and what is good"
    yield ""
    yield "| | |"
    yield "|---|---|"
    for name in ("scope", "valid", "good"):
        shown = f"`{_cell(indicator[name])}`" if indicator[name] else "every request"
        yield f"| {name} | {shown} |"
    yield ""
    yield from (f"- {one}" for one in indicator["why"])
    yield ""
    yield from _picture(pictures, LEFT_OUT, "Which requests count, and which are left out")
    excluded, total = evidence["excluded"], evidence["requests"]
    yield "| requests | | share |"
    yield "|---|---:|---:|"
    rows = (
        ("all", total),
        ("left out, for any reason", excluded["all"]),
        ("of those, of bots", excluded["bots"]),
        ("of those, of health checks", excluded["health_checks"]),
        ("on days seen less than half", evidence["partly_seen"]),
        ("that count", evidence["valid"]),
        ("of those, bad", evidence["bad"]),
    )
    for what, count in rows:
        yield f"| {what} | {count:,} | {count / total:.2%} |"
    yield ""
    if evidence["statuses"] and any(one["status"] for one in evidence["statuses"]):
        statuses = ", ".join(
            f"{one['status'] or 'none'} ×{one['requests']:,}" for one in evidence["statuses"][:12]
        )
        yield f"Statuses, bots aside: {statuses}."
        yield ""
        yield from evidence["surges"] or (
            "In no hour were so many more requests than usual answered with 4xx that a change of"
            " the service itself is likely to have done it.",
        )
        yield ""


def _days(told: Told, pictures: Mapping[str, str]) -> Iterator[str]:
    days = [day for day in told["evidence"]["days"] if day["seen"] and day["valid"]]
    yield "## Day by day"
    yield ""
    yield from _picture(pictures, DAILY, "The share of bad requests of each day")
    worst = sorted(days, key=lambda day: -day["bad"])[:5]
    yield "| days with the most bad | bad | of | share |"
    yield "|---|---:|---:|---:|"
    for day in worst:
        share = day["bad"] / day["valid"]
        yield f"| {day['date']} | {day['bad']:,} | {day['valid']:,} | {share:.3%} |"
    yield ""


def _candidates(told: Told, pictures: Mapping[str, str]) -> Iterator[str]:
    if not told["evidence"]["candidates"]:
        return
    window = told["window"]["rolling"]
    yield "## The candidates"
    yield ""
    yield (
        f"Each past window of {window} (one ends each day), and windows put together from resampled"
        f" {told['evidence']['resampled_from']}: how many would have kept the target, and how much"
        " of the budget they use."
    )
    yield ""
    yield from _picture(pictures, WINDOWS, "The share of the budget that each past window used")
    yield (
        "| target | past windows kept | resampled kept | half use up to | one in ten uses over |"
        " end below a quarter |"
    )
    yield "|---|---:|---:|---:|---:|---:|"
    chosen = told["commit"]["target"] if told["commit"] else None
    for one in told["evidence"]["candidates"]:
        name = f"**{one['target']}**" if one["target"] == chosen else one["target"]
        past = f"{one['kept']} of {one['windows']}" if one["windows"] else "–"
        yield (
            f"| {name} | {past} | {one['resampled']:.0%} | {one['median_use']:.0%} |"
            f" {one['bad_use']:.0%} | {one['below_a_quarter']:.0%} |"
        )
    yield ""


def _latency(told: Told, pictures: Mapping[str, str]) -> Iterator[str]:
    durations = told["evidence"]["durations"]
    if not durations:
        return
    yield "## How long requests take"
    yield ""
    yield from _picture(pictures, LATENCY, "Requests by duration")
    limit = durations["limit_ms"]
    yield (
        f"The limit is {duration(limit)}."
        if limit
        else "No limit: the distribution has no gap to put one into."
    )
    yield ""


def _incidents(told: Told) -> Iterator[str]:
    incidents = told["evidence"]["incidents"]
    yield "## What the incidents were"
    yield ""
    if not incidents:
        yield "No hour failed so much more than usual that luck would not explain it."
        yield ""
        return
    yield "| from | to (UTC) | bad | of | what the bad ones had in common |"
    yield "|---|---|---:|---:|---|"
    for one in incidents:
        cause = _cell(one["cause"]) or "nothing that stands out"
        yield f"| {one['from']} | {one['to']} | {one['bad']:,} | {one['valid']:,} | {cause} |"
    yield ""


def _people(told: Told) -> Iterator[str]:
    impact = told["evidence"]["impact"]
    if not impact:
        return
    yield "## Who is worse off than the average says"
    yield ""
    yield (
        f"Of all requests {impact['by_request']:.3%} were good. With each of the"
        f" {impact['tenants']:,} tenants counting the same, it is {impact['by_tenant']:.3%}."
    )
    worse = impact["worse"]
    if not worse:
        yield "No tenant is below the target beyond doubt."
        yield ""
        return
    verb = "tenant is" if len(worse) == 1 else "tenants are"
    yield f"{len(worse):,} {verb} below the target beyond doubt:"
    yield ""
    yield "| tenant | bad | of | good |"
    yield "|---|---:|---:|---:|"
    for one in worse[:10]:
        good = 1 - one["bad"] / one["valid"]
        yield f"| {_cell(one['tenant'])} | {one['bad']:,} | {one['valid']:,} | {good:.2%} |"
    yield ""


def _again(told: Told) -> Iterator[str]:
    """The questions that give these numbers again."""
    yield "## Ask again"
    yield ""
    yield (
        "The counts above come from these questions, asked of `warehouse.duckdb` in the home. What"
        " is resampled is computed from the days, by chance that is the same each time: proposing"
        " again gives the same numbers as long as the requests are the same."
    )
    yield ""
    for what, question in told["evidence"]["queries"].items():
        yield f"{what}:"
        yield ""
        yield "```sql"
        yield question.strip() + ";"
        yield "```"
        yield ""


def _picture(pictures: Mapping[str, str], name: str, alt: str) -> Iterator[str]:
    if name in pictures:
        yield f"![{alt}]({pictures[name]})"
        yield ""


def _cell(text: str) -> str:
    """Text as a cell of a table holds it."""
    return text.replace("|", "\\|").replace("\n", " ")
