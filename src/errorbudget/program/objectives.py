"""Objective documents: read, tested with their own examples, put in force."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from errorbudget import clock
from errorbudget.change import Diff, FileChange
from errorbudget.errors import DocumentInvalid, Failure
from errorbudget.objective.document import ChangeExample, ObjectiveDocument, RequestExample
from errorbudget.objective.examples import ChangedFiles
from errorbudget.objective.indicator import Indicator, indicator, requests
from errorbudget.objective.layout import lay_out
from errorbudget.objective.reading import notes, read
from errorbudget.objective.signoff import state
from errorbudget.store.documents import Version
from errorbudget.store.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a document that was applied."""

    name: str
    digest: str
    state: str
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The outcome as JSON has it."""
        return {
            "service": self.name,
            "digest": self.digest,
            "state": self.state,
            "missing": list(self.missing),
            "notes": list(self.notes),
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """The outcome that JSON tells of."""
        return cls(
            name=told["service"],
            digest=told["digest"],
            state=told["state"],
            missing=tuple(told["missing"]),
            notes=tuple(told["notes"]),
        )

    def sentence(self) -> str:
        """One line for a person."""
        if self.missing:
            waits = " and ".join(self.missing)
            return f"{self.name}: {self.digest[:12]} waits for the signature of {waits}"
        return f"{self.name}: {self.digest[:12]} is {self.state}"


class Objectives:
    """What services promise, and since when."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def apply(self, file: Path, *, now: datetime) -> Applied:
        """Put a document in force, once its own examples hold. Raises DocumentInvalid, located."""
        return self.put(_bytes(file), file, now=now)

    def put(self, body: bytes, file: Path, *, now: datetime) -> Applied:
        """The same for a document that was sent; `file` is what its author calls it."""
        document = read(body, file=str(file))
        _test(document, body, file)
        binding = self.in_force(document.name)
        found = state(document, binding, frozenset())
        digest = sha256(body).hexdigest()
        self._home.documents.refuse_taken(
            name=document.name, services=document.services, body=body, file=str(file)
        )
        if not self._stands(document.name, digest, found.state):
            self._record(document, binding, digest, found.state, found.missing, now)
        self._home.documents.apply(
            name=document.name,
            services=document.services,
            body=body,
            state=found.state,
            file=str(file),
            now=now,
        )
        return Applied(
            name=document.name,
            digest=digest,
            state=found.state,
            missing=tuple(found.missing),
            notes=tuple(_notes(document, body, file)),
        )

    def in_force(self, name: str) -> ObjectiveDocument | None:
        """The version of a document that binds."""
        return _parsed(self._home.documents.in_force(name))

    def observing(self, service: str) -> ObjectiveDocument | None:
        """The document that counts for a service: the one that binds, else the newest."""
        name = self._home.documents.name_for(service)
        return self.named(name) if name else None

    def named(self, name: str) -> ObjectiveDocument | None:
        """The version of a document that counts: the one that binds, else the newest."""
        documents = self._home.documents
        return _parsed(documents.in_force(name) or documents.newest(name))

    def all(self) -> list[ObjectiveDocument]:
        """Every document, as it counts now, by name."""
        found = (self.named(name) for name in self._home.documents.names())
        return [document for document in found if document]

    def digest(self, name: str) -> str:
        """The digest of the version that counts."""
        documents = self._home.documents
        version = documents.in_force(name) or documents.newest(name)
        return version.digest if version else ""

    def _stands(self, name: str, digest: str, standing: str) -> bool:
        newest = self._home.documents.newest(name)
        return newest is not None and (newest.digest, newest.state) == (digest, standing)

    def _record(
        self,
        document: ObjectiveDocument,
        binding: ObjectiveDocument | None,
        digest: str,
        standing: str,
        missing: tuple[str, ...],
        now: datetime,
    ) -> None:
        """In the trail before in force: the version, and each exclusion that it adds."""
        body = {
            "name": document.name,
            "services": list(document.services),
            "digest": digest,
            "state": standing,
            "missing": list(missing),
        }
        self._home.trail.append("objective", body, now)
        known = set(binding.exclude) if binding else set()
        for exclusion in document.exclude:
            if exclusion not in known:
                told = {
                    "name": document.name,
                    "digest": digest,
                    "from": clock.text(exclusion.start),
                    "to": clock.text(exclusion.end),
                    "reason": exclusion.reason,
                }
                self._home.trail.append("exclusion", told, now)


def checked(file: Path) -> tuple[ObjectiveDocument, list[str]]:
    """A document, and a line for each of its sections that is kept but not acted on yet."""
    body, document = _read(file)
    return document, _notes(document, body, file)


def _notes(document: ObjectiveDocument, body: bytes, file: Path) -> list[str]:
    layout = lay_out(body.decode())
    return [
        f"{file}:{layout.line(tuple(place.split('.')))}: {place}: {what}"
        for place, what in notes(document).items()
    ]


def tested(file: Path) -> int:
    """How many examples of a document hold. Raises DocumentInvalid naming each that does not."""
    body, document = _read(file)
    _test(document, body, file)
    return len(document.examples)


def _test(document: ObjectiveDocument, body: bytes, file: Path) -> None:
    """Judge a document's own examples with the engine that counts. Raises DocumentInvalid."""
    wrong = sorted([*_misjudged(document), *_misclassified(document)])
    if wrong:
        layout = lay_out(body.decode())
        raise DocumentInvalid(
            *(
                f"{file}:{layout.line(('examples', place))}: examples.{place}.{what}"
                for place, what in wrong
            )
        )


def _misjudged(document: ObjectiveDocument) -> Iterator[tuple[int, str]]:
    from errorbudget.source.duckdb.judging import judge

    examples = {
        place: example
        for place, example in enumerate(document.examples)
        if isinstance(example, RequestExample)
    }
    rows = [example.request for example in examples.values()]
    judged = judge(requests(document), indicators(document), rows)
    for (place, example), found in zip(examples.items(), judged, strict=True):
        for objective, expected in example.expected.items():
            if found[objective] != expected:
                yield (
                    place,
                    f"{objective}: expected {expected}, but the criteria say {found[objective]};"
                    " change the one that is wrong",
                )


def _misclassified(document: ObjectiveDocument) -> Iterator[tuple[int, str]]:
    from errorbudget.policy.risk import classify

    for place, example in enumerate(document.examples):
        if isinstance(example, ChangeExample):
            found = classify(_diff(example.change), document.risk, None).risk_class
            if found != example.risk:
                yield (
                    place,
                    f"risk: expected {example.risk}, but the rules say {found};"
                    " change the one that is wrong",
                )


def _diff(change: ChangedFiles) -> Diff:
    """An example tells the lines of the whole change; which file has them does not matter."""
    lines = [change.lines, *(0 for _ in change.files[1:])]
    return Diff(
        base="",
        head="",
        files=tuple(
            FileChange(path=path, added=added, deleted=0)
            for path, added in zip(change.files, lines, strict=False)
        ),
    )


def indicators(document: ObjectiveDocument) -> dict[str, Indicator]:
    """What each objective of a document counts."""
    return {name: indicator(document, name) for name in document.objectives}


def _read(file: Path) -> tuple[bytes, ObjectiveDocument]:
    body = _bytes(file)
    return body, read(body, file=str(file))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as cause:
        raise Failure(f"{file}: {cause.strerror}") from cause


def _parsed(version: Version | None) -> ObjectiveDocument | None:
    return _by_digest(version.digest, version.name, version.body) if version else None


@lru_cache(maxsize=10_000)
def _by_digest(digest: str, name: str, body: bytes) -> ObjectiveDocument:
    return read(body, file=f"{name}@{digest[:12]}")
