"""What is told to people, and how does it read on a phone, in a chat and in a ticket?

Whatever a tenant, a route or a log line puts into a message is data: it is made clean here, once.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from unicodedata import category

import orjson

from errorbudget import clock

TITLE_LENGTH = 200
LINE_LENGTH = 600
LINES = 40
NAME_LENGTH = 100
VALUE_LENGTH = 300
LINK_LENGTH = 2000
PAIRS = 30


class Kind(StrEnum):
    """Why somebody is told."""

    FIRED = "fired"
    ESCALATED = "escalated"
    AGAIN = "again"
    CONTEXT = "context"
    """More about what was told, which took longer to find out."""
    RESOLVED = "resolved"
    NOTE = "note"
    """Said once; nothing will take it back."""


class Level(StrEnum):
    """What sort of thing is told, and how loudly."""

    INFO = "info"
    DRIFT = "drift"
    WARN = "warn"
    FIRE = "fire"
    SILENCE = "silence"
    LAG = "lag"
    HEARTBEAT = "heartbeat"


BURNING = (Level.FIRE, Level.SILENCE, Level.WARN, Level.DRIFT)
"""Levels that one episode of one budget moves between; the others each stand alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing to tell people. Its texts are clean and bounded from the moment it is made."""

    id: str
    """The same however often it is worked out or sent; made by `identity`."""
    kind: Kind
    level: Level
    service: str
    objective: str
    title: str
    """The first line, enough on its own."""
    lines: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """What routes are chosen by, such as the team; the same throughout an episode."""
    links: Mapping[str, str] = field(default_factory=dict[str, str])
    """Web addresses by what they are: `runbook`, `page`, …"""
    at: datetime
    """The moment this became true."""
    started_at: datetime
    ended_at: datetime | None = None
    context: Mapping[str, Any] | None = None
    """What is known of the burn, as `explain` prints it; None where nothing was found out."""
    picture: bytes = b""
    """The burn as a small PNG; empty where there is none."""

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "service", clean(self.service, VALUE_LENGTH))
        put(self, "objective", clean(self.objective, VALUE_LENGTH))
        put(self, "title", clean(self.title, TITLE_LENGTH))
        put(self, "lines", tuple(clean(line, LINE_LENGTH) for line in self.lines[:LINES]))
        put(self, "labels", _clean_pairs(self.labels, VALUE_LENGTH))
        put(self, "links", _clean_pairs(self.links, LINK_LENGTH))
        put(self, "context", _clean_value(self.context))

    @property
    def thread(self) -> str:
        """Messages of one thread reach a target in the order in which they were put."""
        family = "burn" if self.level in BURNING else self.level.value
        return f"{self.service}/{self.objective}/{family}"

    @property
    def lasting(self) -> bool:
        """Whether it holds until another message takes it back.

        A heartbeat never does: repeated by the delivery alone, it would prove nothing.
        """
        return self.kind not in (Kind.RESOLVED, Kind.NOTE) and self.level is not Level.HEARTBEAT

    def as_dict(self) -> dict[str, Any]:
        """Plain values, times as RFC 3339 text."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "level": self.level.value,
            "service": self.service,
            "objective": self.objective,
            "title": self.title,
            "lines": list(self.lines),
            "labels": dict(self.labels),
            "links": dict(self.links),
            "at": clock.text(self.at),
            "started_at": clock.text(self.started_at),
            "ended_at": None if self.ended_at is None else clock.text(self.ended_at),
            "context": self.context,
            "picture": b64encode(self.picture).decode(),
        }

    def to_bytes(self) -> bytes:
        """What `from_bytes` reads; the same bytes for the same message."""
        return orjson.dumps(self.as_dict(), option=orjson.OPT_SORT_KEYS)

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Message":
        """The message of such bytes. Raises ValueError, KeyError or TypeError for anything else."""
        record: dict[str, Any] = orjson.loads(stored)
        ended = record["ended_at"]
        typed: dict[str, Any] = {
            "kind": Kind(record["kind"]),
            "level": Level(record["level"]),
            "at": clock.parse(record["at"]),
            "started_at": clock.parse(record["started_at"]),
            "ended_at": None if ended is None else clock.parse(ended),
            "picture": b64decode(record.get("picture", "")),
        }
        return cls(**(record | typed))


def identity(service: str, objective: str, key: str) -> str:
    """A message's id from what it is about and the key of its notice, such as onset and number."""
    return sha256("\0".join((service, objective, key)).encode()).hexdigest()[:32]


def clean(text: str, length: int) -> str:
    """One line of visible characters, not longer than `length`.

    Controls, line ends, and invisible or direction-changing characters become single spaces.
    """
    visible = "".join(" " if category(char)[0] in "CZ" else char for char in text[: length * 4])
    folded = " ".join(visible.split())
    return folded if len(folded) <= length else f"{folded[: length - 1].rstrip()}…"


def plain(message: Message) -> str:
    """Everything below the title, for people, as text without markup."""
    blocks = (message.lines, _times(message), _about(message), _links(message))
    return "\n\n".join("\n".join(map(_unmentioned, block)) for block in blocks if block)


def markdown(message: Message) -> str:
    """The whole message as Markdown; nothing in it but the layout is markup."""
    details = (*_times(message), *_about(message))
    blocks = [f"**{_escaped(message.title)}**"]
    if message.lines:
        blocks.append("\n".join(f"- {_escaped(line)}" for line in message.lines))
    blocks.append("  \n".join(map(_escaped, details)))
    if message.links:
        blocks.append("  \n".join(_linked(*pair) for pair in message.links.items()))
    return "\n\n".join(blocks) + "\n"


def is_web(address: str) -> bool:
    """Whether a link is one that a browser may follow."""
    return re.fullmatch(r"https?://[^\s<>\"'`\\]+", address) is not None


def _clean_pairs(pairs: Mapping[str, str], length: int) -> dict[str, str]:
    kept = list(pairs.items())[:PAIRS]
    return {clean(name, NAME_LENGTH): clean(value, length) for name, value in kept}


def _clean_value(value: Any) -> Any:
    """Plain values whose texts are clean, and whose lists are no longer than a message's lines."""
    if isinstance(value, str):
        return clean(value, LINE_LENGTH)
    if isinstance(value, Mapping):
        pairs: Mapping[str, Any] = value
        return {clean(name, NAME_LENGTH): _clean_value(one) for name, one in pairs.items()}
    if isinstance(value, (list, tuple)):
        ones: Sequence[Any] = value
        return [_clean_value(one) for one in ones[:LINES]]
    return value


def _times(message: Message) -> tuple[str, ...]:
    since = f"since {_shown(message.started_at)}"
    until = f"until {_shown(message.ended_at)}" if message.ended_at else ""
    return (f"{since} {until}".rstrip(),)


def _about(message: Message) -> tuple[str, ...]:
    named = {
        "service": message.service,
        "objective": message.objective,
        "level": message.level.value,
        **message.labels,
    }
    return (", ".join(f"{name}: {value}" for name, value in named.items() if value),)


def _links(message: Message) -> tuple[str, ...]:
    return tuple(f"{name}: {address}" for name, address in message.links.items())


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _unmentioned(line: str) -> str:
    # A tenant called @everyone must not wake the whole chat: a word joiner parts sign and name.
    return re.sub(r"(?<![\w.])@(?=\w)", "@\u2060", line)


def _escaped(line: str) -> str:
    """Text that a Markdown renderer shows as it is written, also one that passes HTML through."""
    # Entities, because not every renderer takes a backslash before these.
    safe = re.sub("[&<>~]", lambda found: f"&#{ord(found[0])};", line)
    safe = re.sub(r"([\\`*_\[\]])", r"\\\1", safe)
    safe = re.sub(r"^([#+-])", r"\\\1", safe)
    safe = re.sub(r"^(\d+)([.)])", r"\1\\\2", safe)
    return _unmentioned(safe)


def _linked(name: str, address: str) -> str:
    shown = f"<{address}>" if is_web(address) else _escaped(address)
    return f"{_escaped(name)}: {shown}"
