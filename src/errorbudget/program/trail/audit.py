"""The audit trail, to be read and to be checked."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

from errorbudget import clock
from errorbudget.errors import Failure, Untrusted, unreadable
from errorbudget.policy.attestation import envelope, statement
from errorbudget.policy.audit import Entry, Verification
from errorbudget.policy.checkpoint import VerifierKey
from errorbudget.policy.exported import key_of, verify_exported
from errorbudget.policy.telemetry import log_line
from errorbudget.store.home import Home


class AuditTrail:
    """Every document, correction, change and decision, in the order they were recorded."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def log(self, last: int = 0) -> list[dict[str, Any]]:
        """The last entries, or all, oldest first."""
        trail = self._home.trail
        after = max(trail.size() - last, 0) if last else 0
        return [_told(entry) for entry in islice(trail.entries(after=after), last or None)]

    def entry(self, number: int) -> dict[str, Any]:
        """The entry of a number, as decisions name it. Raises Failure where there is none."""
        trail = self._home.trail
        found = next(trail.entries(after=number - 1), None) if number > 0 else None
        if found is None:
            raise Failure(f"entry {number}: the trail has entries 1 to {trail.size()}")
        return _told(found)

    def decisions(self, service: str | None = None, last: int = 50) -> list[dict[str, Any]]:
        """The last decisions, of a service or of all, oldest first."""
        return self._last(partial(_tells, "decision", service), last)

    def ungated(self, service: str | None = None, last: int = 50) -> list[dict[str, Any]]:
        """The last changes found that shipped past the gate, oldest first."""
        return self._last(partial(_tells, "ungated", service), last)

    def between(
        self, since: datetime, until: datetime, kinds: Collection[str]
    ) -> list[dict[str, Any]]:
        """Entries of these kinds that were recorded in [since, until), oldest first.

        Found from the end on: what was recorded more than a day out of order may be missed.
        """
        found = list[dict[str, Any]]()
        end = self._home.trail.size()
        while end > 0:
            start = max(end - _PAGE, 0)
            page = [*map(_told, islice(self._home.trail.entries(after=start), end - start))]
            times = [clock.parse(entry["at"]) for entry in page]
            meant = (
                entry
                for entry, at in zip(page, times, strict=True)
                if entry["kind"] in kinds and since <= at < until
            )
            found = [*meant, *found]
            if max(times) < since - timedelta(days=1):
                break
            end = start
        return found

    def _last(self, wanted: Callable[[dict[str, Any]], bool], last: int) -> list[dict[str, Any]]:
        found = list[dict[str, Any]]()
        end = self._home.trail.size()
        while end > 0 and len(found) < last:
            start = max(end - _PAGE, 0)
            page = islice(self._home.trail.entries(after=start), end - start)
            found = [*filter(wanted, map(_told, page)), *found]
            end = start
        return found[-last:]

    def verify(self, *kept: str, hashes: bool = False) -> dict[str, Any]:
        """How many entries verify, and their root, also against checkpoints kept elsewhere.

        With `hashes` without the checkpoints of older entries, on which nothing rests. Raises
        Untrusted at the first that does not verify.
        """
        trail = self._home.trail
        found = trail.verify_hashes(kept) if hashes else trail.verify(kept)
        return _verified(found, trail.verifier_key)

    def export(self, form: str = "copy") -> Iterator[bytes]:
        """The lines of a copy, or what another form tells of each decision. Raises Failure."""
        if form not in FORMS:
            raise Failure(f"--as: {form!r} is not a form; write one of {', '.join(FORMS)}")
        return self._home.trail.export() if form == "copy" else self._decided(form)

    def _decided(self, form: str) -> Iterator[bytes]:
        trail = self._home.trail
        key = VerifierKey.parse(trail.verifier_key)
        for entry in islice(trail.entries(), trail.size()):
            fields = entry.fields()
            if fields["kind"] != "decision":
                continue
            if form == "logs":
                yield log_line(fields, trail=key.name)
            else:
                told = statement(fields, entry.leaf.hex(), trail=key.name)
                yield envelope(told, key_id=str(key), sign=trail.attest)


def verify_copy(file: Path, key: str | None = None, *kept: str) -> dict[str, Any]:
    """The same for a copy that was exported, by its key or the one that it names.

    Raises Untrusted, Failure.
    """
    try:
        with file.open("rb") as lines:
            named = key_of(lines)
            if key is not None and VerifierKey.parse(key) != named:
                raise Untrusted(f"signed by another key: {named}")
            return _verified(verify_exported(lines, key=named, kept=kept), str(named))
    except OSError as cause:
        raise unreadable(file, cause) from cause
    except Untrusted as flaw:
        raise Untrusted(f"{file}: {flaw}") from flaw


def _verified(found: Verification, key: str) -> dict[str, Any]:
    if found.flaw:
        raise Untrusted(str(found.flaw))
    return {"entries": found.entries, "root": found.root.hex(), "key": key}


FORMS: Final = ("copy", "attestations", "logs")
"""A copy that anybody can check; a signed in-toto statement, or a log record, of each decision."""

_PAGE: Final = 1_000


def _tells(kind: str, service: str | None, entry: dict[str, Any]) -> bool:
    return entry["kind"] == kind and service in (None, entry["body"]["service"])


def _told(entry: Entry) -> dict[str, Any]:
    fields = entry.fields()
    return {
        "seq": entry.seq,
        "at": fields["at"],
        "kind": fields["kind"],
        "words": _words(fields["body"]),
        "body": fields["body"],
        "leaf": entry.leaf.hex(),
        "checkpoint": entry.checkpoint,
    }


def _words(body: dict[str, Any]) -> str:
    """One line of an entry for people: its reason where it has one, else whose it is."""
    told = body.get("decision")
    if isinstance(told, dict):
        return f"{body.get('service')} {body.get('change')}: {told.get('reason')}"  # pyright: ignore
    for field, words in _WORDS.items():
        if field in body:
            return words.format_map(body)
    parts = (body.get(name) for name in ("service", "name", "version", "state", "reason", "id"))
    return " ".join(str(part) for part in parts if part)


_WORDS: Final = {
    "window": "{name} {objective}: {bad:+} bad and {valid:+} valid in the window from {window[0]}",
    "outcome": "{service} {change} {outcome} (exit {exit_code})",
    "notice": "{service} {objective}: {level} {notice}",
    "verdicts": "{name}: the review of {quarter}",
    "torn_bytes": "an unfinished write of {torn_bytes} bytes is gone from {file}",
    "signature": "{name} {digest:.12} as {role} by {principal}",
    "past_the_gate": "{service} {version} shipped past the gate: {past_the_gate}",
}
"""By a field that only entries of one kind have."""
