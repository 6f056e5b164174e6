"""Quarters looked back at."""

from base64 import b64decode
from datetime import datetime
from typing import TYPE_CHECKING

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program
    from errorbudget.program.reviewing.reviews import Reviews


class AtHome:
    """From the home itself."""

    def __init__(self, program: "Program") -> None:
        self._program = program

    @property
    def _reviews(self) -> "Reviews":
        return self._program.reviews

    def read(self, service: str | None, quarter: str | None, at: datetime | None) -> Told:
        """The review of a document's quarter, or of all."""
        return self._reviews.read(service, quarter, at=at or clock.now())

    def as_told(self, service: str | None, quarter: str | None) -> Told:
        """What was told of a quarter when it had closed."""
        return self._reviews.as_told(service, quarter)

    def next_versions(
        self, service: str | None, quarter: str | None, at: datetime | None
    ) -> dict[str, bytes]:
        """By document, the bytes that the review would have signed next."""
        return self._reviews.next_versions(service, quarter, at=at or clock.now())

    def cadences(self, service: str, at: datetime | None) -> Told:
        """What another cadence would have meant for a service's last year."""
        return self._program.cadences.simulate(service, at=at or clock.now())


class OnServer:
    """From a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def read(self, service: str | None, quarter: str | None, at: datetime | None) -> Told:
        """The review of a document's quarter, or of all."""
        return self._wire.get_patiently("/api/v1/reviews", service=service, quarter=quarter, at=at)

    def as_told(self, service: str | None, quarter: str | None) -> Told:
        """What was told of a quarter when it had closed."""
        return self._wire.get_patiently(
            "/api/v1/reviews", service=service, quarter=quarter, as_told=True
        )

    def next_versions(
        self, service: str | None, quarter: str | None, at: datetime | None
    ) -> dict[str, bytes]:
        """By document, the bytes that the review would have signed next."""
        told = self._wire.get_patiently(
            "/api/v1/reviews/next", service=service, quarter=quarter, at=at
        )
        return {one["name"]: b64decode(one["body"]) for one in told}

    def cadences(self, service: str, at: datetime | None) -> Told:
        """What another cadence would have meant for a service's last year."""
        return self._wire.get_patiently("/api/v1/cadences", service=service, at=at)
