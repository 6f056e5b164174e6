"""What was taken from another tool's file: objectives by service, and what has no equal here."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from errorbudget.errors import DocumentInvalid
from errorbudget.objective.formats.foreign import Node
from errorbudget.objective.notation import as_percent
from errorbudget.objective.reading import read


class LeftOut(Exception):  # noqa: N818 (it ends one objective, and is told as a warning)
    """Why something of the file cannot be had here."""

    def __init__(self, node: Node, what: str) -> None:
        super().__init__(what)
        self.node = node
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One objective, ready to be written."""

    name: str
    description: str
    queries: Mapping[str, str]
    """`good` or `bad`, and `valid`."""
    target: Fraction
    window: str
    """As the document writes it, `{rolling: 28d}` say."""


@dataclass(slots=True)
class Service:
    """What is to become one document."""

    name: str
    description: str = ""
    labels: dict[str, str] = field(default_factory=dict[str, str])
    drafts: list[Draft] = field(default_factory=list[Draft])


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One document of ours."""

    service: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The documents, and a located line for each thing that is not in them as it was."""

    documents: tuple[Written, ...]
    warnings: tuple[str, ...]


class Import:
    """Collects what an importer finds in one file."""

    def __init__(self, file: str, *, service: str = "", window: str = "") -> None:
        self.file = file
        self.service = service
        """Whose objectives they are, where the file does not say."""
        self.window = window
        """The rolling window of objectives that state none, as `28d`; empty: the tool's own."""
        self.burn = ""
        self._services: dict[str, Service] = {}
        self._warnings: list[tuple[int, str]] = []

    def of(self, service: str) -> Service:
        """The document of a service, made when first asked for."""
        return self._services.setdefault(service, Service(service))

    def warn(self, node: Node, what: str) -> None:
        """Say what of the file is different here, or is not here."""
        place = node.place or "document"
        self._warnings.append((node.line, f"{self.file}:{node.line}: {place}: {what}"))

    def add(self, service: str, draft: Draft, node: Node) -> None:
        """Take an objective in, under a name that the document may use."""
        drafts = self.of(service).drafts
        taken = {one.name for one in drafts}
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", draft.name).strip("-")[:60] or "objective"
        name = name if name[0].isalpha() else f"o-{name}"
        if name in ("request", "change"):
            name = f"{name}s"
        plain, number = name, 2
        while name in taken:
            name, number = f"{plain}-{number}", number + 1
        if name != draft.name:
            self.warn(node, f'"{draft.name}" is called {name} here')
        drafts.append(
            Draft(
                name=name,
                description=draft.description,
                queries=draft.queries,
                target=draft.target,
                window=draft.window,
            )
        )

    def leave(self, root: Node) -> None:
        """Name everything of a document that nobody read."""
        for node in root.unread():
            self.warn(node, "has no equal here, and is left out")

    def finished(self, *, strict: bool) -> Imported:
        """The documents. Raises DocumentInvalid: there are none, or warnings while `strict`."""
        warnings = tuple(dict.fromkeys(text for _, text in sorted(self._warnings)))
        if strict and warnings:
            raise DocumentInvalid(*warnings)
        services = [one for one in self._services.values() if one.drafts]
        if not services and not self.burn:
            raise DocumentInvalid(
                *warnings, f"{self.file}:1: document: holds no objective that can be had here"
            )
        texts = [
            Written(service=one.name, text=_checked(_document(one, self.burn), one.name))
            for one in services
        ]
        if not services:
            texts = [Written(service="", text=self.burn)]
        return Imported(documents=tuple(texts), warnings=warnings)


def target(node: Node, percent: Decimal | None) -> Fraction:
    """A target of so many percent. Raises LeftOut."""
    if percent is None:
        raise LeftOut(node, "is no number; write a target above 0 and below 100 %")
    if not 0 < percent < 100:
        why = "leaves no budget at all" if percent == 100 else "is not above 0 and below 100 %"
        raise LeftOut(node, f"a target of {percent:f} % {why}; the objective is left out")
    exact = Fraction(percent) / 100
    if (exact * 10**11).denominator != 1:
        raise LeftOut(node, f"a target of {percent} % is finer than a document can say")
    return exact


def span(minutes: int) -> str:
    """So many minutes, as a document writes them."""
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


def rolling(minutes: int) -> str:
    """A rolling window, as a document writes it."""
    return f"{{rolling: {span(minutes)}}}"


_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.,/()%-]*(?: [A-Za-z0-9_.,/()%-]+)*")
_WORDS: Final = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null")


def written(text: str) -> str:
    """Text as one YAML scalar on one line."""
    if _PLAIN.fullmatch(text) and not _WORDS.fullmatch(text) and len(text) < 300:
        return text
    return json.dumps(text, ensure_ascii=False)


def folded(node: Node | None) -> str:
    """Text of any layout as one line."""
    if node is None or isinstance(node.value, dict | list):
        return ""
    return " ".join(str(node.value).split())


def labels(node: Node | None) -> dict[str, str]:
    """Labels as plain text; a list is joined."""
    found = dict[str, str]()
    for name, one in (node.fields() if node else {}).items():
        values = [folded(item) for item in one.items()]
        text = ",".join(values) if values else folded(one)
        if text and not isinstance(one.value, dict):
            found[name] = text
        else:
            one.read = False
    return found


def _document(service: Service, burn: str) -> str:
    return "\n".join(_lines(service)) + "\n" + burn


def _lines(service: Service) -> Iterator[str]:
    yield "apiVersion: errorbudget/v1"
    yield "kind: ObjectiveDocument"
    yield f"service: {written(service.name)}"
    if service.description:
        yield f"description: {written(service.description)}"
    if service.labels:
        yield "labels:"
        yield from (f"  {written(k)}: {json.dumps(v)}" for k, v in service.labels.items())
    yield "requests: {source: prometheus}"
    yield "objectives:"
    for draft in service.drafts:
        yield f"  {draft.name}:"
        if draft.description:
            yield f"    description: {written(draft.description)}"
        yield "    prometheus:"
        yield from (f"      {side}: {_query(text)}" for side, text in draft.queries.items())
        yield f"    target: {as_percent(draft.target)}"
        yield f"    window: {draft.window}"


def _query(text: str) -> str:
    quoted: Any = text.replace("'", "''")
    return f"'{quoted}'"


def _checked(text: str, service: str) -> str:
    read(text, file=f"{service}.yaml")
    return text
