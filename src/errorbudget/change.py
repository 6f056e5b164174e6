"""What will alter, or has altered, production: a deploy, a flag, a configuration, a migration."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from errorbudget import clock


class ChangeKind(StrEnum):
    """How production is altered."""

    DEPLOY = "deploy"
    FLAG = "flag"
    CONFIG = "config"


class Origin(StrEnum):
    """How a change came to be known."""

    TOLD = "told"
    TRAFFIC = "traffic"
    """A version appeared in the requests, and nobody had told of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One recorded change of one service."""

    id: str
    service: str
    version: str
    kind: ChangeKind = ChangeKind.DEPLOY
    environment: str = ""
    started_at: datetime
    finished_at: datetime | None = None
    origin: Origin = Origin.TOLD

    def is_in(self, environment: str) -> bool:
        """Whether it may have altered an environment: where either says nothing, it may have."""
        return not environment or self.environment in ("", environment)

    def as_dict(self) -> dict[str, str | None]:
        """The change as JSON has it."""
        return {
            "id": self.id,
            "service": self.service,
            "version": self.version,
            "kind": self.kind.value,
            "environment": self.environment,
            "started": clock.text(self.started_at),
            "finished": clock.text(self.finished_at) if self.finished_at else None,
            "origin": self.origin.value,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """A version of a service that requests name, in one environment."""

    service: str
    environment: str
    version: str
    first_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file of a change as git tells it; a binary file has no line counts."""

    path: str
    added: int | None
    deleted: int | None
    mode_before: str = ""
    """As git writes modes: 100644, 100755, 120000, 160000; empty where there was no file."""
    mode_after: str = ""
    before: str | None = None
    """The text that a file of SQL had; None where there was none, or it was not told."""
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """What a candidate alters against what is deployed now: the facts that risk rules read."""

    base: str
    head: str
    files: tuple[FileChange, ...]
    repository: str = ""
    base_tree: str = ""
    head_tree: str = ""
    authors: tuple[str, ...] = ()
    """The addresses of everybody who wrote or committed what is in head and not in base."""
    deployed: str = ""
    """The deployed version that `base` is; empty where it is only what the caller says."""
    unsure: str = ""
    """Why the files could not be told; empty where they were."""

    def as_dict(self) -> dict[str, Any]:
        """The facts as JSON has them."""
        return asdict(self)

    def summary(self) -> dict[str, Any]:
        """The facts without the files, whose number is told."""
        told = asdict(self)
        del told["files"]
        lines = sum((file.added or 0) + (file.deleted or 0) for file in self.files)
        return told | {"files": len(self.files), "lines": lines}
