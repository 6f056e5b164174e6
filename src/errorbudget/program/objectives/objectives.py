"""Objective documents: read, tested with their own examples, put in force."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from errorbudget import clock
from errorbudget.burn.rules import out_of_reach
from errorbudget.errors import DocumentInvalid, unreadable
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.indicator import Indicator, indicator
from errorbudget.objective.layout import lay_out
from errorbudget.objective.reading import notes, read
from errorbudget.objective.signoff import SignoffState, revisiting, state
from errorbudget.program.objectives.applied import Applied
from errorbudget.program.objectives.examples import refuse_failing
from errorbudget.program.objectives.signing import Heard, Sent, beside, hear
from errorbudget.program.objectives.sourced import unchecked_source, unknown_source
from errorbudget.source.sources import EMBEDDED
from errorbudget.store.documents import Version
from errorbudget.store.home import Home
from errorbudget.store.signings import Signing


@dataclass(frozen=True, slots=True)
class Counting:
    """The version of a document that counts: the one that binds, else the newest."""

    document: ObjectiveDocument
    digest: str
    is_bound: bool


class Objectives:
    """What services promise, and since when."""

    def __init__(self, home: Home, sources: Callable[[], Mapping[str, bool]]) -> None:
        """`sources` names what holds requests, and whether it is the warehouse by another name."""
        self._home = home
        self._sources = sources
        self._found: tuple[int, dict[str, Counting]] = (-1, {})

    def counting(self, service: str) -> Counting | None:
        """What counts for a service, by its or its document's name; looked up once an edition."""
        edition = self._home.documents.edition()
        found = self._found
        if edition != found[0]:
            # What is looked up now is of this edition or a later one, never of an earlier one.
            found = self._found = edition, {}
        known = found[1]
        if service not in known:
            name = self._home.documents.name_for(service) or service
            bound = self._home.documents.in_force(name)
            version = bound or self._home.documents.newest(name)
            if version is None:
                return None
            document = _by_digest(version.digest, version.name, version.body)
            known[service] = Counting(document, version.digest, bound is not None)
        return known[service]

    def apply(self, file: Path, *, now: datetime) -> Applied:
        """Put a document in force, once its own examples hold. Raises DocumentInvalid, located."""
        return self.put(_bytes(file), file, now=now, signatures=beside(file))

    def put(
        self, body: bytes, file: Path, *, now: datetime, signatures: Sent | None = None
    ) -> Applied:
        """The same for a document that was sent; `file` is what its author calls it."""
        judged = self._judge(body, file, signatures or {}, now)
        self._home.documents.refuse_taken(
            name=judged.document.name,
            services=judged.document.services,
            body=body,
            file=str(file),
        )
        for signing in judged.heard.new:
            self._home.trail.append("signature", _signature_told(judged, signing), now)
            self._home.signings.add(signing)
        self._home.documents.apply(
            name=judged.document.name,
            services=judged.document.services,
            body=body,
            state=judged.signoff.state,
            file=str(file),
            now=now,
            beside=partial(self._record, judged, now),
        )
        return self._applied(judged, body, file, now)

    def verify(self, body: bytes, file: Path, *, now: datetime, signatures: Sent) -> Applied:
        """What `put` would answer; nothing is put in force or recorded."""
        return self._applied(self._judge(body, file, signatures, now), body, file, now)

    def in_force(self, name: str) -> ObjectiveDocument | None:
        """The version of a document that binds."""
        return _parsed(self._home.documents.in_force(name))

    def of(self, version: Version) -> ObjectiveDocument:
        """What a version says."""
        return _by_digest(version.digest, version.name, version.body)

    def observing(self, service: str) -> ObjectiveDocument | None:
        """The document that counts for a service: the one that binds, else the newest."""
        name = self._home.documents.name_for(service)
        return self.named(name) if name else None

    def named(self, name: str) -> ObjectiveDocument | None:
        """The version of a document that counts: the one that binds, else the newest."""
        documents = self._home.documents
        return _parsed(documents.in_force(name) or documents.newest(name))

    def speaking(self, service: str) -> ObjectiveDocument | None:
        """The document that counts for a service, by its or its document's name."""
        found = self.counting(service)
        return found.document if found else None

    def elsewhere(self, service: str) -> str:
        """The source that a service's document counts, where it is not the embedded warehouse."""
        document = self.observing(service)
        named = document.requests.source if document else EMBEDDED
        return "" if named == EMBEDDED or self._sources().get(named) else named

    def all(self) -> list[ObjectiveDocument]:
        """Every document, as it counts now, by name."""
        found = (self.named(name) for name in self._home.documents.names())
        return [document for document in found if document]

    def digest(self, name: str) -> str:
        """The digest of the version that counts."""
        documents = self._home.documents
        version = documents.in_force(name) or documents.newest(name)
        return version.digest if version else ""

    def _judge(self, body: bytes, file: Path, sent: Sent, now: datetime) -> "_Judged":
        document = read(body, file=str(file))
        refuse_failing(document, body, file)
        digest = sha256(body).hexdigest()
        version = self._home.documents.in_force(document.name)
        binding = _parsed(version)
        heard = hear(
            body,
            (binding, document),
            sent,
            self._home.signings.of(digest),
            signers=self._home.signers,
            file=str(file),
            now=now,
        )
        signoff, used_up = state(document, binding, heard.signatures), False
        if version and version.digest == digest:
            signoff = SignoffState(state="binding", waits=())
        elif self._was_in_force(document.name, digest):
            # Its signatures are public: without this, anybody could bring back what was replaced.
            unsigned = state(document, binding, ())
            signoff, used_up = unsigned, unsigned.state == "unsigned"
        return _Judged(
            document=document,
            binding=binding,
            replaces=version.digest if version else None,
            digest=digest,
            heard=heard,
            signoff=signoff,
            used_up=used_up,
        )

    def _was_in_force(self, name: str, digest: str) -> bool:
        history = self._home.documents.history(name)
        return any((one.digest, one.state) == (digest, "binding") for one in history)

    def _applied(self, judged: "_Judged", body: bytes, file: Path, now: datetime) -> Applied:
        binds = judged.signoff.state == "binding"
        said = _notes(judged.document, body, file, now)
        said += unknown_source(judged.document, body, file, self._sources())
        if judged.used_up:
            said.append(
                f"{file}:1: document: was in force before and was replaced, so its signatures are"
                " used up; change it, if only a comment, and have it signed again"
            )
        return Applied(
            name=judged.document.name,
            digest=judged.digest,
            state=judged.signoff.state,
            waits=judged.signoff.waits,
            signatures=judged.heard.signatures,
            refused=judged.heard.refused,
            in_force=judged.digest if binds else judged.replaces,
            notes=tuple(said),
        )

    def _record(self, judged: "_Judged", now: datetime, connection: Connection) -> None:
        """In the trail with what comes into force: the version, and each exclusion it adds."""
        document = judged.document
        body = {
            "name": document.name,
            "services": list(document.services),
            "digest": judged.digest,
            "state": judged.signoff.state,
            "missing": list(judged.signoff.missing),
            "replaces": judged.replaces,
        }
        self._home.trail.append_with(connection, "objective", body, now)
        known = set(judged.binding.exclude) if judged.binding else set()
        for exclusion in document.exclude:
            if exclusion not in known:
                told = {
                    "name": document.name,
                    "digest": judged.digest,
                    "from": clock.text(exclusion.start),
                    "to": clock.text(exclusion.end),
                    "reason": exclusion.reason,
                }
                self._home.trail.append_with(connection, "exclusion", told, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A document, what it replaces, and whether it binds."""

    document: ObjectiveDocument
    binding: ObjectiveDocument | None
    replaces: str | None
    digest: str
    heard: Heard
    signoff: SignoffState
    used_up: bool


def _signature_told(judged: _Judged, signing: Signing) -> dict[str, Any]:
    return {
        "name": judged.document.name,
        "digest": signing.digest,
        "role": signing.role,
        "principal": signing.principal,
        "key": signing.key,
        "signature": signing.body.decode("ascii"),
    }


def checked(
    file: Path, sources: Collection[str] | None = None
) -> tuple[ObjectiveDocument, list[str]]:
    """A document, and a line for each of its sections that is kept but not acted on yet.

    `sources`: what is configured beside the embedded one; None where nobody knows. Raises
    DocumentInvalid, also for a source that is none of them.
    """
    body = _bytes(file)
    document, said = checked_text(body, file)
    if sources is None:
        said += unchecked_source(document, body, file)
    elif wrong := [*unknown_source(document, body, file, sources)]:
        raise DocumentInvalid(*wrong)
    return document, said


def checked_text(body: bytes, file: Path) -> tuple[ObjectiveDocument, list[str]]:
    """The same for the text of a document; messages call it `file`. Raises DocumentInvalid."""
    document = read(body, file=str(file))
    return document, _notes(document, body, file, clock.now())


def _notes(document: ObjectiveDocument, body: bytes, file: Path, now: datetime) -> list[str]:
    layout = lay_out(body.decode())
    said = notes(document) | dict(out_of_reach(document))
    if overdue := revisiting(document, now.date()):
        said["signoff.revisit"] = overdue
    return [
        f"{file}:{layout.line(tuple(place.split('.')))}: {place}: {what}"
        for place, what in said.items()
    ]


def tried(body: bytes, file: Path) -> tuple[ObjectiveDocument, list[str], int]:
    """A document that was sent: read, its notes, and how many of its examples hold.

    Raises DocumentInvalid naming each problem, or each example that does not hold.
    """
    document = read(body, file=str(file))
    refuse_failing(document, body, file)
    return document, _notes(document, body, file, clock.now()), len(document.examples)


def tested(file: Path) -> int:
    """How many examples of a document hold. Raises DocumentInvalid naming each that does not."""
    return tested_text(_bytes(file), file)


def tested_text(body: bytes, file: Path) -> int:
    """The same for the text of a document; messages call it `file`. Raises DocumentInvalid."""
    document = read(body, file=str(file))
    refuse_failing(document, body, file)
    return len(document.examples)


def indicators(document: ObjectiveDocument) -> dict[str, Indicator]:
    """What each objective of a document counts."""
    return {name: indicator(document, name) for name in document.objectives}


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as cause:
        raise unreadable(file, cause) from cause


def _parsed(version: Version | None) -> ObjectiveDocument | None:
    return _by_digest(version.digest, version.name, version.body) if version else None


@lru_cache(maxsize=10_000)
def _by_digest(digest: str, name: str, body: bytes) -> ObjectiveDocument:
    return read(body, file=f"{name}@{digest[:12]}", kept=True)
