"""What happens in the shop's quarter? The deploys and the troubles, in time since its start."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

from errorbudget.change import Change, Diff, FileChange
from errorbudget.objective.document import RiskClass

SERVICES: Final = {"checkout": "2.8.0", "search": "5.1.0", "ledger": "1.30.0"}
"""Every service, and the version it starts the quarter with."""

CORRECTED_ORDERS: Final = 212
RECONCILED_DAY: Final = 58
RECONCILED_AT: Final = "09:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """One deploy of the quarter, and who wanted what with it."""

    change: Change
    previous: str
    author: str
    title: str
    risk: RiskClass
    """What the shop's own risk rules make of it."""
    gated: bool
    """False for the one that went past the gate and was never recorded."""
    diff: Diff

    def as_dict(self) -> dict[str, Any]:
        """The deploy as `changes.json` tells it."""
        return {
            **self.change.as_dict(),
            "previous": self.previous,
            "author": self.author,
            "title": self.title,
            "risk": self.risk.value,
            "base": self.diff.base,
            "head": self.diff.head,
            "files": [
                {"path": file.path, "added": file.added, "deleted": file.deleted}
                for file in self.diff.files
            ],
            "lines": sum((file.added or 0) + (file.deleted or 0) for file in self.diff.files),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One trouble of the quarter: where it is in the data, and what a program should say of it."""

    name: str
    service: str
    start: datetime
    end: datetime
    match: dict[str, str]
    """The columns and values that tell the requests it struck from the others."""
    change: str | None
    """The id of the deploy that caused it."""
    what: str
    expect: str


def text(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(start: datetime, day: int, clock: str) -> datetime:
    """The moment `clock` (HH:MM) of the quarter's day `day`, the first being day 0."""
    hours, minutes = clock.split(":")
    return start + timedelta(days=day, hours=int(hours), minutes=int(minutes))


def deploys(start: datetime, days: int) -> tuple[Deploy, ...]:
    """Every deploy that is finished within the first `days` days, in order of time."""
    serving = dict(SERVICES)
    told: list[Deploy] = []
    for row in csv.DictReader(io.StringIO(_packaged("deploys.csv"))):
        told.append(deploy(row, start, serving[row["service"]]))
        serving[row["service"]] = row["version"]
    end = start + timedelta(days=days)
    return tuple(one for one in told if (one.change.finished_at or end) < end)


def events(start: datetime, days: int) -> tuple[Event, ...]:
    """Every trouble that is over within the first `days` days, in order of time."""
    told = [
        Event(
            name=row["name"],
            service=row["service"],
            start=moment(start, *row["from"]),
            end=moment(start, *row["to"]),
            match=row["match"],
            change=row["change"],
            what=row["what"],
            expect=row["expect"],
        )
        for row in json.loads(_packaged("events.json"))
    ]
    return tuple(event for event in told if event.end <= start + timedelta(days=days))


def deploy(row: dict[str, str], start: datetime, previous: str) -> Deploy:
    """The deploy that a row tells of, by the names of `deploys.csv`."""
    began = moment(start, int(row["day"]), row["time"])
    rolls_back = row["risk"] == RiskClass.ROLLBACK
    service, version = row["service"], row["version"]
    return Deploy(
        change=Change(
            id=f"{service}-{version}-rollback" if rolls_back else f"{service}-{version}",
            service=service,
            version=version,
            environment="production",
            started_at=began,
            finished_at=began + timedelta(minutes=int(row["minutes"])),
        ),
        previous=previous,
        author=f"{row['author']}@shop.example",
        title=row["title"],
        risk=RiskClass(row["risk"]),
        gated=row["gated"] == "yes",
        diff=Diff(
            base=f"v{previous}",
            head=f"v{version}",
            files=_files(row["files"]),
            authors=(f"{row['author']}@shop.example",),
            deployed=previous,
        ),
    )


def _files(listed: str) -> tuple[FileChange, ...]:
    """Files written as `path +added -deleted; ...`."""
    parts = [entry.split() for entry in listed.split(";")]
    return tuple(
        FileChange(path=path, added=int(added), deleted=-int(deleted))
        for path, added, deleted in parts
    )


@cache
def _packaged(name: str) -> str:
    return files("errorbudget.shop").joinpath(name).read_text(encoding="utf-8")
