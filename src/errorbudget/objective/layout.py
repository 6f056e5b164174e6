"""What does a YAML text say, and on which line stands each field?

Reads YAML's events, so that scalars keep the text a person wrote, a field given twice is seen, and
neither depth nor aliases can blow up.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

Path = tuple[str | int, ...]

LARGEST: Final = 256 * 1024
"""Characters of one document."""
_DEEPEST: Final = 24

# The core schema of YAML 1.2.2, section 10.3.2, without what no document needs: hexadecimal,
# infinities, numbers too long to be meant.
_NULL: Final = re.compile(r"|~|null|Null|NULL")
_TRUTH: Final = {"true": True, "True": True, "TRUE": True} | {
    "false": False,
    "False": False,
    "FALSE": False,
}
_WHOLE: Final = re.compile(r"[-+]?[0-9]{1,18}")
_UNPRINTABLE: Final = re.compile(
    "[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_DECIMAL: Final = re.compile(r"[-+]?([0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the field at a path, and what to write instead."""

    path: Path
    line: int
    what: str


@dataclass(slots=True, kw_only=True)
class Layout:
    """A document's mappings (dict), lists (tuple) and scalars, and where they stand."""

    value: object = None
    lines: dict[Path, int] = field(default_factory=dict[Path, int])
    problems: list[Problem] = field(default_factory=list[Problem])
    unread: set[Path] = field(default_factory=set[Path])
    """Where nothing usable stands, and a problem says so already."""

    def line(self, path: Path) -> int:
        """The line of the field at `path`, or of the nearest one around it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def wrong(self, path: Path, line: int, what: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(path, line, what))


def lay_out(text: str) -> Layout:
    """The layout of a YAML `text`; what cannot be read is among its problems, never raised."""
    layout = Layout()
    text = text.removeprefix("\ufeff")
    if len(text) > LARGEST:
        layout.wrong((), 1, f"is larger than {LARGEST // 1024} KiB; split it by service")
    elif found := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        what = f"is not text: it holds the character U+{ord(found[0]):04X}; write plain YAML"
        layout.wrong((), line, what)
    else:
        _read(text, layout)
    return layout


def _read(text: str, layout: Layout) -> None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        _whole(iter(YAML(typ="safe", pure=True).parse(text)), layout)
    except _TooDeep as cause:
        layout.wrong(
            (), cause.line, f"is nested more than {_DEEPEST} levels deep; nothing needs that"
        )
    except MarkedYAMLError as cause:
        mark = cause.problem_mark or cause.context_mark
        line = min(mark.line, text.count("\n")) + 1 if mark else 1
        layout.wrong((), line, _not_yaml(str(cause.problem or cause.context)))
    except (YAMLError, ValueError) as cause:
        layout.wrong((), 1, _not_yaml(str(cause).partition("\n")[0]))


class _TooDeep(Exception):  # noqa: N818 (it is no error outside this module)
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _not_yaml(problem: str) -> str:
    advice = (
        "indent with spaces, never tabs" if "\\t" in problem else "see the line and the one above"
    )
    return f"is not YAML: {problem}; {advice}"


def _whole(events: Iterator[Any], layout: Layout) -> None:
    from ruamel.yaml.events import DocumentStartEvent, StreamEndEvent

    next(events)  # the stream's start
    if isinstance(next(events), StreamEndEvent):
        layout.wrong((), 1, "is empty; start it with `apiVersion: errorbudget/v1`")
        return
    layout.value = _value(next(events), events, (), layout)
    next(events)  # the document's end
    following = next(events)
    if isinstance(following, DocumentStartEvent):
        line = following.start_mark.line + 1
        layout.wrong((), line, "is followed by a second one after `---`; keep one in a file")


def _value(event: Any, events: Iterator[Any], path: Path, layout: Layout) -> object:
    from ruamel.yaml.events import MappingStartEvent, ScalarEvent, SequenceStartEvent

    line = event.start_mark.line + 1
    layout.lines.setdefault(path, line)
    if len(path) > _DEEPEST:
        raise _TooDeep(line)
    if shorthand := _shorthand(event):
        layout.wrong(path, layout.lines[path], shorthand)
        layout.unread.add(path)
    if isinstance(event, MappingStartEvent):
        return _mapping(events, path, layout)
    if isinstance(event, SequenceStartEvent):
        return _list(events, path, layout)
    return _scalar(event, path, layout) if isinstance(event, ScalarEvent) else None


def _shorthand(event: Any) -> str | None:
    """What a node uses that would make a document mean something else than it reads."""
    from ruamel.yaml.events import AliasEvent

    if isinstance(event, AliasEvent):
        return f"refers to *{event.anchor}; write the value out, a document is read as it stands"
    if event.anchor is not None:
        return f"has the anchor &{event.anchor}; leave it out, references are not followed"
    if event.tag is not None:
        return f"has the tag {event.tag}; leave it out"
    return None


def _mapping(events: Iterator[Any], path: Path, layout: Layout) -> dict[str, object]:
    from ruamel.yaml.events import MappingEndEvent, ScalarEvent

    fields: dict[str, object] = {}
    while not isinstance(key := next(events), MappingEndEvent):
        line = key.start_mark.line + 1
        if not isinstance(key, ScalarEvent):
            layout.wrong(path, line, "has a field whose name is no text; write `name: value`")
            _value(key, events, (*path, ""), Layout())
            _value(next(events), events, (*path, ""), Layout())
            continue
        name = str(key.value)
        place = (*path, name)
        if name in fields:
            first = layout.lines[place]
            layout.wrong(place, line, f"is given twice, first on line {first}; keep one")
            _value(next(events), events, place, Layout())
            continue
        layout.lines[place] = line
        fields[name] = _value(next(events), events, place, layout)
    return fields


def _list(events: Iterator[Any], path: Path, layout: Layout) -> tuple[object, ...]:
    from ruamel.yaml.events import SequenceEndEvent

    items: list[object] = []
    while not isinstance(event := next(events), SequenceEndEvent):
        items.append(_value(event, events, (*path, len(items)), layout))
    return tuple(items)


def _scalar(event: Any, path: Path, layout: Layout) -> object:
    text = str(event.value)
    if event.style or path in layout.unread:
        return text
    if _NULL.fullmatch(text):
        layout.wrong(path, layout.lines[path], "is empty; write a value, or leave the field out")
        layout.unread.add(path)
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text
