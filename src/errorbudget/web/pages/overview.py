"""The first page: which services burn, what is left, and what may ship now."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from starlette.datastructures import URL

from errorbudget import clock
from errorbudget.burn.shown import Shown
from errorbudget.ledger.budget import State
from errorbudget.objective.document import Calendar, ObjectiveDocument, RiskClass, Rolling
from errorbudget.policy.permission import considered, limits, permitted
from errorbudget.program.budgets.book import Standing
from errorbudget.program.burning.burns import BurnStanding
from errorbudget.program.watching.vigil import Snapshot
from errorbudget.web.calling import At, Here, Reads
from errorbudget.web.pages.rendering import Page, page

router = APIRouter(tags=["pages"], route_class=Page, include_in_schema=False)

ORDER: Final = ("fire", "warn", "unknown", "recovering", "drift", "none")
"""Alerts, the worst first."""

_LOUD: Final = ("fire", "warn")

Text = Annotated[str, Query(max_length=200)]
Sheet = Annotated[int, Query(ge=1, le=100_000, alias="page")]

SHEET: Final = 100
"""Services on one sheet of the overview: the worst are on the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One budget of one service, as the overview shows it."""

    objective: str
    target: str
    window: str
    remaining: float | None
    low: float
    high: float
    meaningful: str
    allowed: float | None
    bad: int
    alert: str
    state: str
    burns: Sequence[Shown]
    spent_by: datetime | None
    burning: str
    """The objective whose page says what broke; empty where there is nothing to say, or no page."""

    @classmethod
    def of(cls, burn: BurnStanding) -> "Line":
        """The line of one objective."""
        budget = burn.standing.budget
        low, high = budget.remaining_low, budget.remaining_high
        own = not burn.standing.pool and burn.standing.composite is None
        promise = burn.standing.document.objectives[burn.standing.objective]
        return cls(
            objective=_name(burn.standing),
            target=str(promise.target),
            window=_window(promise.window),
            remaining=_left(burn),
            low=float(low or 0),
            high=float(high or 0),
            meaningful=budget.meaningful.value,
            allowed=None if budget.allowed is None else float(budget.allowed),
            bad=budget.bad,
            alert=burn.alert,
            state=budget.state.value,
            burns=burn.horizons,
            spent_by=budget.exhausts_at,
            burning=burn.standing.objective if own and burn.alert in _LOUD else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document, its worst budget first."""

    name: str
    services: Sequence[str]
    environment: str
    team: str
    labels: Sequence[tuple[str, str]]
    burns: Sequence[BurnStanding]
    permits: str
    free: bool
    """Whether anything may ship."""

    @property
    def lines(self) -> Sequence[Line]:
        """Each of its budgets: made where the row is shown, which few of a thousand are."""
        return [Line.of(burn) for burn in self.burns]

    @property
    def alert(self) -> str:
        """The loudest alert of its budgets."""
        return min((burn.alert for burn in self.burns), key=ORDER.index)


@router.get("/")
def overview(
    request: Request,
    server: Here,
    caller: Reads,
    at: At,
    q: Text = "",
    label: Text = "",
    sheet: Sheet = 1,
) -> Response:
    """Every service's budgets at a glance, the worst first, a hundred on a sheet."""
    server.current.settled()
    seen = None if at else server.current.snapshot
    now = at or (seen.at if seen else clock.now())
    known = _seen(seen) if seen else rows(server.reader.burns(None, at), now)
    every = [row for row in known if caller.sees(row.services, row.environment)]
    found = [row for row in every if _wanted(row, q, label)]
    first = (min(sheet, max(-(-len(found) // SHEET), 1)) - 1) * SHEET
    on_sheet = found[first : first + SHEET]
    return page(
        request,
        "overview.html",
        title="Overview",
        sentence=sentence(every),
        rows=on_sheet,
        sheets=sheets(len(found), first, asked=request.url),
        hidden=len(every) - len(found),
        labels=sorted({f"{name}={value}" for row in every for name, value in row.labels}),
        horizons=_horizons(on_sheet),
        q=q,
        label=label,
        at=now,
        live=at is None,
    )


@dataclass(frozen=True, slots=True)
class Sheets:
    """Which of the services that were asked for are shown, and where the others are."""

    first: int
    last: int
    every: int
    before: str | None
    after: str | None


def sheets(every: int, first: int, *, asked: URL) -> Sheets | None:
    """None where one sheet holds them all."""
    if every <= SHEET:
        return None
    number = first // SHEET + 1
    before, after = (f"/?{asked.include_query_params(page=number + by).query}" for by in (-1, 1))
    last = min(first + SHEET, every)
    return Sheets(
        first + 1, last, every, before if first else None, after if last < every else None
    )


@lru_cache(maxsize=1)
def _seen(snapshot: Snapshot) -> list[Row]:
    """The rows of what was evaluated last, made once for all who look."""
    return rows(snapshot.burns, snapshot.at)


def rows(burns: Iterable[BurnStanding], now: datetime) -> list[Row]:
    """A row for each document, the worst first."""
    ordered = sorted(burns, key=lambda burn: burn.standing.document.name)
    grouped = groupby(ordered, key=lambda burn: burn.standing.document.name)
    return sorted((_row(list(group), now) for _, group in grouped), key=_worst_first)


def sentence(shown: Sequence[Row]) -> str:
    """What the whole comes to, in words."""
    if not shown:
        return "No objective document is in force yet."
    burning = [row.name for row in shown if row.alert in _LOUD]
    free = sum(row.free for row in shown)
    unknown = sum(row.alert == "unknown" for row in shown)
    return f"{_burning(burning, unknown, len(shown))} {_free(free, len(shown))}"


def _burning(names: Sequence[str], unknown: int, every: int) -> str:
    match names:
        case [] if unknown == every:
            return "Nobody knows whether anything burns."
        case [] if unknown:
            return f"Nothing is known to burn; of {unknown} of {every} nobody knows."
        case []:
            return "Nothing is burning."
        case [one]:
            return f"{one} is burning."
        case [one, other]:
            return f"{one} and {other} are burning."
        case _:
            return f"{len(names)} services are burning."


def _free(free: int, every: int) -> str:
    if free == every:
        return "Anything may ship." if every == 1 else f"All {every} may ship anything."
    if not free:
        return "What it may ship is restricted." if every == 1 else "None may ship everything."
    return f"{free} of {every} may ship anything."


def _row(burns: Sequence[BurnStanding], now: datetime) -> Row:
    document = burns[0].standing.document
    gated = (burn.standing for burn in burns if burn.standing.composite is None)
    budgets = {standing.objective: standing.budget for standing in gated}
    allowed = may_ship(document, budgets, now)
    return Row(
        name=document.name,
        services=document.services,
        environment=document.environment,
        team=document.labels.get("team", ""),
        labels=tuple(document.labels.items()),
        burns=sorted(_told(burns), key=_rank),
        permits=permits(allowed),
        free=len(allowed) == len(RiskClass),
    )


def _told(burns: Iterable[BurnStanding]) -> Iterator[BurnStanding]:
    """Each burn, and the members of a pool that burn for themselves."""
    for burn in burns:
        yield burn
        yield from (one for one in burn.members if one.alert in _LOUD)


def _name(standing: Standing) -> str:
    """The objective; of a member of a pool, which one it is."""
    return (
        f"{standing.objective} ({standing.document.services[0]})"
        if standing.pool
        else standing.objective
    )


def may_ship(
    document: ObjectiveDocument, budgets: dict[str, Any], now: datetime
) -> tuple[RiskClass, ...]:
    """The classes that the document's policy permits with these budgets."""
    if document.policy is None or document.mode != "enforce":
        return tuple(RiskClass)
    return permitted(limits(document.policy, considered(budgets), now))


def permits(classes: Iterable[RiskClass]) -> str:
    """The permission slip in a column's width: `low risk, rollback`."""
    allowed = set(classes)
    if len(allowed) == len(RiskClass):
        return "anything"
    return ", ".join(words for one, words in _SHORT.items() if one in allowed) or "nothing"


_SHORT: Final = {
    RiskClass.NORMAL: "normal",
    RiskClass.LOW: "low risk",
    RiskClass.HIGH: "high risk",
    RiskClass.CRITICAL: "critical fixes",
    RiskClass.ROLLBACK: "rollback",
}


def _window(window: Rolling | Calendar) -> str:
    return f"{window.minutes // 1440} d" if isinstance(window, Rolling) else window.unit


def _worst_first(row: Row) -> tuple[int, float, str]:
    return *_rank(row.burns[0]), row.name


def _rank(burn: BurnStanding) -> tuple[int, float]:
    """By alert, then by what is left; the unknown before the healthy."""
    left = _left(burn)
    return ORDER.index(burn.alert), -1.0 if left is None else left


def _left(burn: BurnStanding) -> float | None:
    budget = burn.standing.budget
    left = None if budget.state is State.UNKNOWN else budget.remaining
    return None if left is None else float(left)


def _wanted(row: Row, q: str, label: str) -> bool:
    about = " ".join((row.name, *(value for _, value in row.labels))).casefold()
    fits = not label or label in {f"{name}={value}" for name, value in row.labels}
    return fits and q.casefold() in about


def _horizons(found: Sequence[Row]) -> list[str]:
    shown = (one for row in found for burn in row.burns for one in burn.horizons)
    every = {one.horizon: one.minutes for one in shown}
    return sorted(every, key=lambda horizon: every[horizon])
