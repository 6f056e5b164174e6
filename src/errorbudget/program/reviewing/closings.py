"""A quarter that has closed is reviewed by itself: kept, entered in the trail, told once."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from errorbudget.ledger.restatement import FREEZE
from errorbudget.ledger.window import minute_floor, moment
from errorbudget.notify.message import Kind, Level, Message, identity
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.program.reviewing.reviewed import ended
from errorbudget.program.reviewing.reviews import Reviews
from errorbudget.program.watching.watching import Route, nobody
from errorbudget.review.quarter import Quarter, zone
from errorbudget.store.home import Home
from errorbudget.store.reviews import Kept


class Closings:
    """Looks whether quarters have closed, as often as it is asked."""

    def __init__(
        self,
        home: Home,
        objectives: Objectives,
        reviews: Reviews,
        *,
        route: Route = nobody,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._home = home
        self._objectives = objectives
        self._reviews = reviews
        self._route = route
        self._wake = wake

    def review_what_closed(self, now: datetime) -> list[Message]:
        """Review each document's last quarter that closed, once; what was told.

        A quarter closes a day after its end, when what is late has come. A document that was not
        there yet has nothing to review.
        """
        told = [self._review(*one, now) for one in self._due(now)]
        messages = [one for one in told if one is not None]
        if messages:
            self._wake()
        return messages

    def _due(self, now: datetime) -> Iterator[tuple[ObjectiveDocument, Quarter]]:
        for document in self._objectives.all():
            place = zone(document)
            quarter = ended(now, place)
            span = quarter.span(place)
            since = self._home.documents.history(document.name)[0].since
            closed = span.end + FREEZE <= minute_floor(now) and since < moment(span.end)
            if closed and self._home.reviews.one(document.name, str(quarter)) is None:
                yield document, quarter

    def _review(
        self, document: ObjectiveDocument, quarter: Quarter, now: datetime
    ) -> Message | None:
        (told,) = self._reviews.read(document.name, str(quarter), at=now)["services"]
        message = _message(document, quarter, told, now)
        body = orjson.dumps(told)
        kept = Kept(
            name=document.name,
            quarter=str(quarter),
            made_at=now,
            digest=sha256(body).hexdigest(),
            body=body,
        )
        addresses = tuple(self._route(document.notify))
        with self._home.database.writing() as connection:
            if not self._home.reviews.keep(connection, kept):
                return None
            self._home.trail.append_with(connection, "review", _entered(kept, told), now)
            self._home.outbox.put(
                connection,
                message=message.id,
                thread=message.thread,
                body=message.to_bytes(),
                addresses=addresses,
                now=now,
            )
        return message


def _message(
    document: ObjectiveDocument, quarter: Quarter, told: Mapping[str, Any], now: datetime
) -> Message:
    span = quarter.span(zone(document))
    lines = [one["sentence"] for one in told["objectives"]]
    lines += [
        f"{one['objective']}: {one['recalibration']['sentence']}" for one in told["objectives"]
    ]
    return Message(
        id=identity(document.name, "", f"{quarter}.review"),
        kind=Kind.NOTE,
        level=Level.INFO,
        service=document.name,
        objective="",
        title=f"{document.name}: the review of {quarter} is there. {told['sentence']}",
        lines=(*lines, f"errorbudget review {document.name} --quarter {quarter} has all of it."),
        labels=document.labels,
        at=now,
        started_at=moment(span.start),
        ended_at=moment(span.end),
    )


def _entered(kept: Kept, told: Mapping[str, Any]) -> dict[str, Any]:
    """A review as the audit trail has it: what was told, and the digest of every word."""
    return {
        "name": kept.name,
        "quarter": kept.quarter,
        "digest": kept.digest,
        "policy": told["digest"],
        "verdicts": {one["objective"]: one["verdict"] for one in told["objectives"]},
    }
