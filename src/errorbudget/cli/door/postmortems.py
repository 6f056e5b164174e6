"""What was learned of incidents: drafted, written, published; and what still fits."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from errorbudget import clock
from errorbudget.cli.options import Told

if TYPE_CHECKING:
    from errorbudget.cli.door.wire import Wire
    from errorbudget.program.program import Program

_HERE = "/api/v1/postmortems"


class AtHome:
    """Kept in the home itself."""

    def __init__(self, program: "Program") -> None:
        self._program = program.postmortems

    def list(self, service: str | None) -> list[Told]:
        """Every postmortem."""
        return self._program.list(service)

    def draft(self, asked: dict[str, Any]) -> "list[Told]":
        """Draft what is due, or asked for."""
        from errorbudget.program.postmortems.postmortems import Asked

        wanted = {name: value for name, value in asked.items() if name != "at"}
        found = self._program.asked(Asked(**wanted), at=asked["at"] or clock.now())
        return [one.as_dict() for one in found]

    def show(self, id_: str) -> Told:
        """One postmortem."""
        return self._program.show(id_).as_dict()

    def picture(self, id_: str, name: str) -> str:
        """One of its pictures."""
        return self._program.picture(id_, name)

    def refresh(self, id_: str, at: datetime | None) -> Told:
        """Bring its data up to date."""
        return self._program.refresh(id_, at=at or clock.now()).as_dict()

    def save(self, text: str, name: str, by: str) -> Told:
        """Take what was written."""
        return self._program.authoring.save(text, by=by, at=clock.now(), name=name).as_dict()

    def publish(self, id_: str, by: str) -> Told:
        """Publish it."""
        return self._program.authoring.publish(id_, by=by, at=clock.now()).as_dict()

    def actions(self, service: str | None, at: datetime | None) -> "list[Told]":
        """Every action item."""
        return [*self._program.authoring.actions(service, at=at or clock.now())]

    def done(self, id_: str, number: int, by: str) -> Told:
        """An action is done."""
        return self._program.authoring.done(id_, number, by=by, at=clock.now()).as_dict()

    def impact(
        self,
        service: str,
        objective: str | None,
        since: datetime,
        until: datetime | None,
        at: datetime | None,
    ) -> Told:
        """What a time cost."""
        now = at or clock.now()
        return self._program.impact(service, objective, since, until or now, at=now)

    def room(self, service: str, objective: str | None, at: datetime | None) -> Told:
        """What still fits."""
        return self._program.room(service, objective, at=at or clock.now())


class OnServer:
    """Kept by a server."""

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def list(self, service: str | None) -> list[Told]:
        """Every postmortem."""
        return self._wire.get(_HERE, service=service)

    def draft(self, asked: dict[str, Any]) -> "list[Told]":
        """Draft what is due, or asked for."""
        sent = {
            name: clock.text(value) if isinstance(value, datetime) else value
            for name, value in asked.items()
            if value is not None
        }
        return self._wire.post(_HERE, json=sent, patient=True)

    def show(self, id_: str) -> Told:
        """One postmortem."""
        return self._wire.get(f"{_HERE}/{id_}")

    def picture(self, id_: str, name: str) -> str:
        """One of its pictures."""
        return b"".join(self._wire.stream(f"{_HERE}/{id_}/{name}.svg")).decode()

    def refresh(self, id_: str, at: datetime | None) -> Told:
        """Bring its data up to date."""
        sent = {"at": clock.text(at)} if at else {}
        return self._wire.post(f"{_HERE}/{id_}/refresh", json=sent, patient=True)

    def save(self, text: str, name: str, by: str) -> Told:
        """Take what was written."""
        return self._wire.post(f"{_HERE}/text", json={"text": text, "name": name, "by": by})

    def publish(self, id_: str, by: str) -> Told:
        """Publish it."""
        return self._wire.post(f"{_HERE}/{id_}/publish", json={"by": by})

    def actions(self, service: str | None, at: datetime | None) -> "list[Told]":
        """Every action item."""
        return self._wire.get("/api/v1/actions", service=service, at=at)

    def done(self, id_: str, number: int, by: str) -> Told:
        """An action is done."""
        return self._wire.post(f"{_HERE}/{id_}/actions/{number}", json={"by": by})

    def impact(
        self,
        service: str,
        objective: str | None,
        since: datetime,
        until: datetime | None,
        at: datetime | None,
    ) -> Told:
        """What a time cost."""
        span = {"from": since, "to": until, "at": at}
        return self._wire.get("/api/v1/impact", service=service, objective=objective, **span)

    def room(self, service: str, objective: str | None, at: datetime | None) -> Told:
        """What still fits."""
        return self._wire.get("/api/v1/room", service=service, objective=objective, at=at)
