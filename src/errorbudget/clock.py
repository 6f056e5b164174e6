"""The only place that asks the wall clock; everything else is told what time it is."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current moment, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 -- this is the one place


def parse(text: str) -> datetime:
    """A moment from RFC 3339 text; without a zone it is UTC. Raises ValueError naming the text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as cause:
        raise ValueError(
            f"{text!r} is not a time; write RFC 3339, as in 2026-07-20T14:05:00Z"
        ) from cause
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def text(moment: datetime) -> str:
    """RFC 3339 in UTC with a trailing Z; milliseconds only where there are any."""
    stamp = moment.astimezone(UTC)
    spec = "milliseconds" if stamp.microsecond else "seconds"
    return stamp.isoformat(timespec=spec).replace("+00:00", "Z")
