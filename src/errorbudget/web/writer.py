"""What do callers put down? Files, corrections, documents; each is evaluated soon after."""

import secrets
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from errorbudget import clock
from errorbudget.ingest.redaction import Redaction
from errorbudget.ingest.report import Report
from errorbudget.program.intake.requests import Requests
from errorbudget.program.program import Program
from errorbudget.web.current import Current


class Writer:
    """Writes for one caller at a time."""

    def __init__(
        self,
        program: Program,
        redaction: Redaction,
        current: Current,
        settle: Callable[[], object],
    ) -> None:
        self._program = program
        self._current = current
        self._settle = settle
        """Returns when what was acknowledged before is loaded, or patience ends."""
        self._requests = Requests(
            program.home, program.warehouse.another(), program.objectives, redaction
        )
        self._turn = threading.Lock()

    def ingest(self, file: Path, *, form: str, maps: Mapping[str, str], **about: Any) -> Report:
        """Take a file in. Raises Failure."""
        with self._turn:
            report = self._requests.ingest(file, form=form, maps=maps, **about)
        self._current.changed()
        return report

    def correct(
        self, service: str, request_ids: Sequence[str], verdict: str, reason: str
    ) -> dict[str, Any]:
        """Judge requests by hand. Raises Failure."""
        self._settle()
        with self._turn:
            done = self._requests.correct(
                service, request_ids, verdict, reason, now=clock.now()
            ).as_dict()
        self._current.changed()
        return dict(done)

    def apply(
        self, body: bytes, name: str, signatures: Mapping[str, bytes] | None = None
    ) -> dict[str, Any]:
        """Put a document in force. Raises DocumentInvalid."""
        applied = self._program.objectives.put(
            body, Path(name), now=clock.now(), signatures=signatures
        )
        self._current.changed()
        return applied.as_dict()

    def verify(self, body: bytes, name: str, signatures: Mapping[str, bytes]) -> dict[str, Any]:
        """What `apply` would answer. Raises DocumentInvalid."""
        return self._program.objectives.verify(
            body, Path(name), now=clock.now(), signatures=signatures
        ).as_dict()

    def spool(self, name: str) -> Path:
        """A place for a file that is being sent; it goes when it is in, or with the next start."""
        folder = self._program.home.staging / f"sent-{secrets.token_hex(8)}"
        folder.mkdir()
        return folder / (Path(name).name or "file")

    def unspool(self, file: Path) -> None:
        """Drop a file that was sent."""
        shutil.rmtree(file.parent, ignore_errors=True)
