"""What does a review say, in sentences that somebody could act on? From its data as JSON has it."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from errorbudget.ledger.meaning import ENOUGH, amount
from errorbudget.ledger.tally import DAY
from errorbudget.ledger.window import Calendar, Window
from errorbudget.review.wording import clean, exact, listed, share, times

Told = Mapping[str, Any]

_UNITS: Final = {"month": "monthly", "quarter": "quarterly", "year": "yearly"}


def window(window: Window) -> str:
    """`quarterly`, `28-day`: before the word budget."""
    if isinstance(window, Calendar):
        return _UNITS[window.unit]
    days, rest = divmod(window.minutes, DAY)
    return f"{window.minutes // 60}-hour" if rest else f"{days}-day"


def whole(told: Told) -> str:
    """The first line of a review."""
    counts, quarter = told["whole"], told["quarter"]
    so_far = "" if told["over"] else f" so far (it is not over: {told['as_of'][:10]})"
    of = counts["objectives"]
    parts = [f"{counts['kept']} of {times(of, 'objective')} kept{so_far}"]
    parts += [f"{counts[name]} {name}" for name in ("missed", "unknown") if counts[name]]
    composites = counts["composites"]
    if among := sum(composites.values()):
        parts.append(f"{composites['kept']} of {times(among, 'composite')} kept")
    changes = counts["changes_to_sign"]
    tail = f" {_to_sign(len(changes))}" if changes else " No target changes."
    return f"{quarter}: {', '.join(parts)}.{tail}"


def document(told: Told) -> str:
    """The first line about one document."""
    parts: list[str] = []
    verdicts = [(one["objective"], one["verdict"]) for one in told["objectives"]]
    verdicts += [(one["composite"], one["verdict"]) for one in told["composites"]]
    for verb in ("kept", "missed"):
        names = [name for name, verdict in verdicts if verdict == verb]
        if names:
            parts.append(f"{verb} {listed(names)}")
    unknown = [name for name, verdict in verdicts if verdict == "unknown"]
    said = f"{told['service']} {listed(parts)}" if parts else told["service"]
    if unknown:
        said += f"{';' if parts else ':'} nobody knows about {listed(unknown)}"
    freezes = told["freezes"]
    held = ""
    if freezes["days"]:
        verb = "might not ship without an approval" if freezes["enforced"] else "would not ship"
        held = f" Usual changes {verb} for {freezes['days']:.3g} days."
    advised = [
        f"{one['objective']}: {one['recalibration']['sentence']}"
        for one in told["objectives"]
        if one["recalibration"]["advice"] != "keep"
    ]
    return f"{said}.{held}{f' To sign: {listed(advised)}.' if advised else ''}"


def objective(told: Told) -> str:
    """What became of one objective."""
    name = f"{told['objective']} {told['target']}"
    if not told["valid"]:
        return f"{name}: unknown; no request came, and no data is not kept."
    counts = (
        f"{told['bad']:,} bad of {_allowed(told['allowed'])} allowed ({share(told['used'])} used);"
        f" {exact(told['good'])} of {told['valid']:,} requests were good"
    )
    if told["verdict"] == "unknown":
        seen = share(told["coverage"])
        return f"{name}: unknown; only {seen} of the quarter was seen. Of that: {counts}."
    reading, by = told["reading"], told["window"]["words"]
    said = f"{name}: {told['verdict']}; {counts}."
    if reading["overspent_days"] and told["verdict"] == "kept":
        said += (
            f" By its own {by} budget it was overspent on {reading['overspent_days']} of"
            f" {times(reading['days'], 'day')}."
        )
    for other in told["other_targets"]:
        if other["verdict"] != told["verdict"]:
            said += (
                f" By {other['target']}, in force until {other['until'][:10]}, it would have been"
                f" {other['verdict']}."
            )
    return said


def _allowed(bad: float) -> str:
    """Allowed bad requests: where they are few, as what is said of few of them has it."""
    return f"{bad:,.1f}" if bad >= ENOUGH else amount(Fraction(bad))


def composite(told: Told) -> str:
    """What became of a promise over several services, beside the last quarter."""
    joins = listed([f"{service} {objective}" for service, objective in told["joins"].items()])
    said = f"**{told['sentence']}** Good at {told['of']} here, and at {joins}."
    last = told["last"]
    if last is None:
        return said
    return f"{said} Last quarter it was {last['verdict']}: {range_of(last['used'])} used."


def range_of(used: Sequence[float] | None) -> str:
    """A share that lies between two: `40 %`, `40 % to 60 %`; `–` where nothing is known."""
    ends = list(dict.fromkeys(map(share, used or [None])))
    return " to ".join(ends)


def compared(told: Told) -> str:
    """An objective beside the last quarter; empty where there was none."""
    last = told["last"]
    if last is None or last["used"] is None or told["used"] is None:
        return ""
    return (
        f"Last quarter it was {last['verdict']}: {share(last['used'])} used,"
        f" {exact(last['good'])} good of {last['valid']:,} requests."
    )


def decided(told: Told) -> Iterator[str]:
    """What came of the gate's decisions."""
    asked, hindsight = told["asked"], told["hindsight"]
    if told["gated_from"] is None:
        yield "No policy was in force: the gate held nothing up."
    if asked:
        outcomes = listed(
            [f"{count} {_OUTCOMES[name]}" for name, count in told["outcomes"].items()]
        )
        yield f"The gate decided {times(asked, 'time')}: {outcomes}."
    else:
        yield "Nobody asked the gate."
    if told["shipped"]:
        counts = listed(
            [f"{count} {_HINDSIGHT[name]}" for name, count in hindsight.items() if count]
        )
        yield f"In hindsight, of {times(told['shipped'], 'change')} that shipped: {counts}."
    for one in told["costly"]:
        yield f"Permitted, and it burned: {_ship(one)}."
    for one in told["too_strict"]:
        yield f"Refused, shipped all the same, and harmless: {_ship(one)}."
    for one in told["approvals"]:
        yield _approved(one)
    if told["held"]:
        names = listed([clean(one) for one in told["held"][:_SHOWN]])
        more = f" and {len(told['held']) - _SHOWN} more" if len(told["held"]) > _SHOWN else ""
        yield f"Held up and never shipped, so nobody knows: {names}{more}."


def frozen(told: Told) -> Iterator[str]:
    """When usual changes were held up."""
    freezes = told["freezes"]
    if not freezes["days"]:
        yield "Usual changes were never held up for want of budget."
    for one in (span for span in freezes["spans"] if span["days"]):
        why = "nobody knew the budget" if one["unknown"] else _low(one)
        may = listed(one["permits"]) or "nothing"
        ship = "might ship" if freezes["enforced"] else "would have been permitted"
        yield (
            f"{_at(one['from'])} to {_at(one['to'])} ({one['days']:.3g} days): {why}; {may} {ship}."
        )
    if freezes["days"] and not freezes["enforced"]:
        yield "Nothing was held up: no policy enforced it."


def alerted(told: Told) -> Iterator[str]:
    """What the alerts were worth."""
    alerts = told["alerts"]
    if alerts["sent"]:
        yield (
            f"{times(alerts['sent'], 'alert')}: {alerts['useful']} useful, {alerts['late']} late"
            f" (half of the burn was over), {alerts['false']} about nothing in the account."
        )
    else:
        yield "No alert was sent."
    if missed := alerts["missed"]:
        named = [
            f"{clean(one['change'] or 'an incident')} ({_at(one['from'])}, {one['bad']:,} bad)"
            for one in missed
        ]
        burns = times(len(missed), "burn")
        yield f"Nobody was told of {burns} worth a postmortem: {listed(named)}."


def learned(told: Told) -> Iterator[str]:
    """What was written about incidents, and whether what was decided got done."""
    written = [one for one in told["postmortems"] if one["of_quarter"]]
    if written:
        published = sum(one["published"] for one in written)
        yield f"{times(len(written), 'postmortem')}, {published or 'none'} of them published."
    actions = told["actions"]
    if items := actions["done"] + actions["open"]:
        yield f"Of {times(items, 'action item')} {actions['done'] or 'none'} done."
    for one in actions["overdue"]:
        owner = clean(one["owner"]) or "nobody"
        yield f"Overdue since {one['due']} ({owner}, {one['postmortem']}): {clean(one['text'])}."


def _to_sign(count: int) -> str:
    return f"{times(count, 'target')} {'is' if count == 1 else 'are'} ready to be signed anew."


def _ship(one: Told) -> str:
    costs = listed([_cost(cost) for cost in one["costs"]]) or "nothing that shows"
    entry = f", entry {one['entry']}" if one["entry"] else ""
    return f"{clean(one['change'])} ({one['started'][:10]}{entry}): {costs}"


def _cost(cost: Told) -> str:
    return f"{cost['bad']:,} requests, {share(cost['share'])} of {cost['objective']}"


def _approved(one: Told) -> str:
    who = "; ".join(clean(by) for by in one["by"])
    expected = f", expected to cost {share(one['expected'])}" if one["expected"] is not None else ""
    if not one["shipped"]:
        return f"Approved and never shipped: {clean(one['change'])} ({who})."
    costs = listed([_cost(cost) for cost in one["costs"]]) or "nothing that shows"
    return f"Approved: {clean(one['change'])} ({who}){expected}; it cost {costs}."


def _low(one: Told) -> str:
    lowest = one["lowest"]
    if lowest is None:
        return "no budget permitted it"
    if lowest < 0:
        return f"{one['objective']} was overspent by up to {share(-lowest)}"
    return f"{one['objective']} had as little as {share(lowest)} left"


def _at(text: str) -> str:
    return text[:16].replace("T", " ")


_SHOWN: Final = 5
_OUTCOMES: Final = {
    "allow": "allowed",
    "needs_approval": "held up for an approval",
    "block": "blocked",
}
_HINDSIGHT: Final = {
    "right": "right",
    "costly": "permitted, and burned",
    "too_strict": "refused, and harmless",
    "unknown": "cannot be judged",
}


def gone(told: Told) -> Sequence[tuple[str, str, int, float | None]]:
    """Where an objective's budget went: what, when, bad requests, share; adding up exactly."""
    account = told["account"]
    causes = {(one["from"], one["to"]): one["points"] for one in told["causes"]}
    rows: list[tuple[str, str, int, float | None]] = []
    for line in account["lines"]:
        if line["kind"] == "background":
            rows.append(("background: what is usual", "", line["bad"], line["share"]))
        elif line["bad"]:
            when = _span(line)
            points = [clean(point) for point in causes.get((line["from"], line["to"]), ())]
            rows.append(("; ".join([_what(line), *points]), when, line["bad"], line["share"]))
    return rows


def _span(line: Told) -> str:
    """From when to when; a date is told once."""
    start, end = _at(line["from"]), _at(line["to"])
    return f"{start}–{end[11:]}" if start[:10] == end[:10] else f"{start} to {end}"


def _what(line: Told) -> str:
    told = f" ({clean(line['postmortem'])})" if line.get("postmortem") else ""
    if line["kind"] == "incident":
        after = f", after {clean(line['change'])}" if line["change"] else ""
        return f"incident{after}{told}"
    asked = f", entry {line['decided_by']}" if line["decided_by"] else ", nobody asked the gate"
    return f"{clean(line['change'])}{asked}{told}"
