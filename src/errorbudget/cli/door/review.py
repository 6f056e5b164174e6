"""Quarters looked back at."""

from base64 import b64decode
from datetime import datetime
from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program


class AtHome:
    """From the home itself."""

    def __init__(self, program: "Program") -> None:
        self._reviews = program.reviews

    def read(self, service: str | None, quarter: str | None, at: datetime | None) -> Told:
        """The review of a document's quarter, or of all."""
        return self._reviews.read(service, quarter, at=at or clock.now())

    def next_versions(
        self, service: str | None, quarter: str | None, at: datetime | None
    ) -> dict[str, bytes]:
        """By document, the bytes that the review would have signed next."""
        return self._reviews.next_versions(service, quarter, at=at or clock.now())


class OnServer:
    """From a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def read(self, service: str | None, quarter: str | None, at: datetime | None) -> Told:
        """The review of a document's quarter, or of all."""
        return self._wire.get("/api/v1/reviews", service=service, quarter=quarter, at=at)

    def next_versions(
        self, service: str | None, quarter: str | None, at: datetime | None
    ) -> dict[str, bytes]:
        """By document, the bytes that the review would have signed next."""
        told = self._wire.get("/api/v1/reviews/next", service=service, quarter=quarter, at=at)
        return {one["name"]: b64decode(one["body"]) for one in told}
