"""How fast and how much is left, in words: the same in an alert and in an explanation."""

from datetime import datetime

from errorbudget.ledger.window import moment
from errorbudget.objective.notation import digits
from errorbudget.program.burning.burns import BurnStanding


def numbers(told: BurnStanding) -> tuple[str, ...]:
    """The rule that speaks, the rates, what is left and until when."""
    budget = told.standing.budget
    lines = [told.reason]
    if told.standing.pool:
        (service,) = told.standing.document.services
        lines.append(f"{service} is a member of the pool {told.standing.pool}, watched alone.")
    if told.standing.composite and told.standing.composite.words:
        lines.append(f"Not all is known: {told.standing.composite.words}.")
    if told.members:
        lines.append(f"By member, in 24h: {', '.join(map(_of_member, told.members))}.")
    burns = [
        f"{digits(one.shown_rate)}x in {one.horizon}" for one in told.horizons if one.shown_rate
    ]
    if burns:
        lasts = f"; it lasts at {digits(told.sustainable, 2)}x" if told.sustainable else ""
        lines.append(f"The budget burns at {', '.join(burns)}{lasts}.")
    if budget.remaining is not None:
        lines.append(_left(float(budget.remaining), budget.exhausts_at, moment(budget.end)))
    if budget.few:
        lines.append(f"The budget is small; {budget.few.words}. {budget.few.advice}")
    return tuple(lines)


def _of_member(told: BurnStanding) -> str:
    (service,) = told.standing.document.services
    day = told.horizons[-1]
    counts = f"{day.bad:,} of {day.valid:,} failed" if day.valid else "no request"
    alert = f" ({told.alert})" if told.alert != "none" else ""
    return f"{service} {counts}{alert}"


def _left(remaining: float, exhausts_at: datetime | None, now: datetime) -> str:
    if remaining <= 0:
        return f"Nothing is left of it: {-remaining:.1%} more than allowed is spent."
    if exhausts_at is None or exhausts_at <= now:
        return f"{remaining:.1%} of it is left."
    return f"{remaining:.1%} of it is left, until {exhausts_at:%Y-%m-%d %H:%M} UTC at this pace."
