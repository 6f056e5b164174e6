"""Which log lines tell of the burn? Lines folded to templates, the telling ones first.

Templates are mined by logfold, a Drain (https://doi.org/10.1109/ICWS.2017.13) in Rust; where the
sender told `log.record.template`, that is the template. A template tells something when it is new,
surging or gone against the time before, or when it goes with bad rather than good requests. Both
are likelihood ratios, discounted by the share of its lines that they do not explain, so that few
lines that only bad requests write outrank many that everything writes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from math import log
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import logfold

TRACES: Final = 3
"""Trace ids told of each template."""
SHOWN: Final = 10
"""Templates told of a burn."""
LEAST: Final = 3.0
"""Nats from which one template is worth telling; more by the luck of there being many."""
_DEPTH, _ALIKE, _CHILDREN, _TEMPLATES = 5, 0.65, 2_000, 20_000
_DELIMITERS = " \t\r\n="
_LONGEST = 4_000
_AT_ONCE = 1_000
"""Lines between which what was mined is put to use."""
_LINES = 4
"""Lines of a stack trace that are kept: what was said, and the exceptions."""

_DIGITS = "0123456789"
_KEPT_DIGITS = "".join(chr(0xE000 + digit) for digit in range(10))
_KEEP = str.maketrans(_DIGITS, _KEPT_DIGITS)
_SHOW = str.maketrans(_KEPT_DIGITS, _DIGITS)
_LOCATION = re.compile(r"#(\d+)")
_STATEMENT = re.compile(r"\S*[^\W\d]\S*#\d+")
_TROUBLE = re.compile(r"\b(?:ERROR|WARN(?:ING)?|FATAL|CRITICAL|SEVERE)\b")
_CLOCK = re.compile(r"\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d+)?Z?\]?\s+")


def _miner() -> "logfold.Miner":
    # Here, because every command would load it and few look at log records.
    import logfold

    return logfold.Miner(
        examples="none",
        depth=_DEPTH,
        sim_th=_ALIKE,
        max_children=_CHILDREN,
        max_templates=_TEMPLATES,
        delimiters=_DELIMITERS,
        masks=_masks(),
    )


def _masks() -> "tuple[logfold.MaskRule, ...]":
    import logfold

    own = {rule.name: rule for rule in logfold.MiningConfig().masks}
    rules = {
        "clock": (r"\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\b", "<TIME>"),
        "mac": (r"\b[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5,7}\b", "<MAC>"),
        "id": (r"\b[0-9a-f]{16,}\b|\b[0-9A-F]{16,}\b", "<ID>"),
        "number": (
            r"\b\d+(?:[.,]\d+)*(?:ns|us|ms|s|m|h|d|B|kB|KB|MB|GB|TB|KiB|MiB|GiB)?\b",
            "<NUM>",
        ),
    }
    ours = {
        name: logfold.MaskRule(name=name, pattern=pattern, token=token, ascii=True)
        for name, (pattern, token) in rules.items()
    }
    first = (own["uuid"], own["ts"], ours["clock"], ours["mac"], ours["id"])
    return (*first, own["ip"], own["hex"], own["path"], ours["number"])


class Of(IntEnum):
    """What a log record belongs to."""

    BEFORE = 0
    BURN = 1
    """To the time of the burn, and to no request that is known."""
    GOOD = 2
    """To a good request of the burn."""
    BAD = 3
    """To a bad request of the burn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Some log records, column by column."""

    message: Sequence[str]
    template: Sequence[str | None]
    """What the sender says the template is; None or empty: it does not say."""
    of: Sequence[int]
    """Each an `Of`."""
    trace_id: Sequence[str | None]
    is_error: Sequence[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How much there was to write logs about."""

    before: float
    """Requests in the time before, or its minutes where no request is known."""
    burn: float
    """The same of the burn."""
    good: int
    """Good requests of the burn."""
    bad: int
    stride: int = 1
    """One record in so many was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One template that tells of the burn, and why."""

    template: str
    count: int
    """Records in the burn."""
    baseline_count: int
    """Records in the time before."""
    reason: str
    trace_ids: tuple[str, ...]
    score: float

    def as_dict(self) -> dict[str, Any]:
        """The pattern as JSON has it."""
        return {
            "template": self.template,
            "count": self.count,
            "baseline_count": self.baseline_count,
            "reason": self.reason,
            "trace_ids": list(self.trace_ids),
        }


def patterns(batches: Iterable[Records], exposure: Exposure, *, most: int = SHOWN) -> list[Pattern]:
    """The templates that tell of a burn, best first; one batch of records is held at a time."""
    seen = _Seen()
    for batch in batches:
        seen.add(batch)
    templates = list(seen.templates())
    least = LEAST + log(max(len(templates), 1))
    told = (_weigh(one, exposure, least) for one in templates)
    worth = sorted((one for one in told if one is not None), key=lambda one: -one.score)
    return worth[:most]


class Templates:
    """Mines templates from the lines it is given, and says which one each line has."""

    def __init__(self) -> None:
        self._miner = _miner()

    def of(self, messages: Sequence[str]) -> list[str]:
        """The key of each message's template; the empty key is of messages without words."""
        keys = list[str]()
        for first in range(0, len(messages), _AT_ONCE):
            keys += self._keys([fold(one) for one in messages[first : first + _AT_ONCE]])
        return keys

    def _keys(self, folded: Sequence[str]) -> list[str]:
        """Only lines that no template fits yet are mined; every line is masked once, then."""
        found = list(self._miner.match_many(folded))
        unknown = [place for place, match in enumerate(found) if match is None]
        if unknown:
            lines = [folded[place] for place in unknown]
            self._miner.add_many(lines)
            for place, match in zip(unknown, self._miner.match_many(lines), strict=True):
                found[place] = match
        return [match.id if match is not None else "" for match in found]

    def texts(self) -> dict[str, str]:
        """The text of every template by its key, as it is by now."""
        known = self._miner.result().templates
        return {one.id: one.text.translate(_SHOW) for one in known}


def fold(message: str) -> str:
    """A message without its time and its stack frames, with `Class#123` kept from being masked."""
    if "\n" in message:
        message = _without_frames(message)
    if (clock := _CLOCK.match(message)) is not None:
        message = message[clock.end() :]
    message = message[:_LONGEST]
    return _LOCATION.sub(_keep_location, message) if "#" in message else message


def _keep_location(found: re.Match[str]) -> str:
    """`OrderService#212` is a line of code, and as much of a template as a word; `# 212` is not."""
    before = found.string[found.start() - 1 : found.start()]
    return found[0].translate(_KEEP) if before.isalpha() or before in ("]", "$") else found[0]


def _without_frames(message: str) -> str:
    """What was said and which exceptions were raised: the lines of a trace without an indent."""
    lines = [line for line in message.split("\n") if line and not line[0].isspace()]
    kept = lines if len(lines) <= _LINES else [lines[0], *lines[1 - _LINES :]]
    return " ".join(line.rstrip("\r") for line in kept) or message.replace("\n", " ")


@dataclass(slots=True)
class _Counted:
    """One template's records by what they belong to, and a few of their traces."""

    text: str = ""
    records: list[int] = field(default_factory=lambda: [0] * len(Of))
    traces: list[int] = field(default_factory=lambda: [0] * len(Of))
    """Records, those that one trace writes one after the other counted once."""
    errors: int = 0
    bad_traces: list[str] = field(default_factory=list)
    other_traces: list[str] = field(default_factory=list)
    last: str = ""

    def note(self, of: int, trace_id: str, is_error: bool) -> None:
        self.records[of] += 1
        self.errors += is_error
        if trace_id and trace_id == self.last:
            return
        self.traces[of] += 1
        self.last = trace_id
        if not trace_id or of == Of.BEFORE:
            return
        traces = self.bad_traces if of == Of.BAD else self.other_traces
        if len(traces) < TRACES and trace_id not in traces:
            traces.append(trace_id)

    def merge(self, other: "_Counted") -> None:
        """Take another's records in; the text is that of the one with more."""
        if sum(other.records) > sum(self.records):
            self.text = other.text
        self.records = [a + b for a, b in zip(self.records, other.records, strict=True)]
        self.traces = [a + b for a, b in zip(self.traces, other.traces, strict=True)]
        self.errors += other.errors
        self.bad_traces += other.bad_traces
        self.other_traces += other.other_traces

    def is_trouble(self) -> bool:
        """Whether it reports trouble, so that its absence tells nothing."""
        return self.errors > 0 or _TROUBLE.search(self.text) is not None

    def statement(self) -> str:
        """What tells its templates apart: the line of code where it names one, or else its text.

        A line of code that reports trouble writes whatever it caught, and is told by its text.
        """
        found = None if self.is_trouble() else _STATEMENT.search(self.text)
        return found[0] if found else self.text

    def trace_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.bad_traces, *self.other_traces]))[:TRACES]


class _Seen:
    """Every template so far, counted."""

    def __init__(self) -> None:
        self._mined = Templates()
        self._by_key: dict[str, _Counted] = {}
        self._told: dict[str, _Counted] = {}

    def add(self, records: Records) -> None:
        """Count some records by their templates."""
        told = records.template
        chosen = [one for one, template in zip(records.message, told, strict=True) if not template]
        keys = iter(self._mined.of(chosen))
        rows = zip(told, records.of, records.trace_id, records.is_error, strict=True)
        for template, of, trace_id, is_error in rows:
            known, key = (self._told, template) if template else (self._by_key, next(keys))
            one = known.get(key)
            if one is None:
                one = known[key] = _Counted()
            one.note(of, trace_id or "", is_error)

    def templates(self) -> Iterator[_Counted]:
        """The templates with their texts; keys whose texts became the same are one."""
        texts, merged = self._mined.texts(), dict[str, _Counted]()
        for key, one in self._by_key.items():
            one.text = texts.get(key, "")
        for text, one in self._told.items():
            one.text = text
        for one in (*self._by_key.values(), *self._told.values()):
            if not one.text:
                continue
            statement = one.statement()
            if statement in merged:
                merged[statement].merge(one)
            else:
                merged[statement] = one
        yield from merged.values()


@dataclass(frozen=True, slots=True)
class _Excess:
    """More (or fewer) than expected: in nats, and as a share of all that were seen."""

    seen: int
    expected: float

    @property
    def nats(self) -> float:
        gain = self.expected - self.seen
        return gain + (self.seen * log(self.seen / self.expected) if self.seen else 0.0)

    @property
    def score(self) -> float:
        share = 1 - min(self.seen, self.expected) / max(self.seen, self.expected)
        return self.nats * share**2


def _weigh(one: _Counted, exposure: Exposure, least: float) -> Pattern | None:
    growth = _growth(one, exposure)
    tied = _tied(one, exposure)
    reasons = [
        (excess.score, says) for excess, says in (growth, tied) if excess and excess.nats >= least
    ]
    if not reasons:
        return None
    reasons.sort(reverse=True)
    return Pattern(
        template=one.text,
        count=sum(one.records[1:]) * exposure.stride,
        baseline_count=one.records[Of.BEFORE] * exposure.stride,
        reason="; ".join(says for _, says in reasons),
        trace_ids=one.trace_ids(),
        score=sum(score for score, _ in reasons),
    )


def _growth(one: _Counted, exposure: Exposure) -> tuple[_Excess | None, str]:
    """Against the time before, in proportion to its requests."""
    if exposure.before <= 0 or exposure.burn <= 0:
        return None, ""
    scale = exposure.burn / exposure.before
    before, count = one.traces[Of.BEFORE], sum(one.traces[1:])
    usually = before * scale
    excess = _Excess(count, max(usually, 0.5 * min(scale, 1.0)))
    if count < usually and one.is_trouble():
        return None, ""
    if not before:
        return excess, f"new: {sum(one.records[1:]) * exposure.stride:,} in the burn, none before"
    usual = _number(usually)
    if not count:
        return excess, f"gone: none in the burn, about {usual} are usual"
    if count < usually:
        return excess, f"rarer: {count:,} in the burn, about {usual} are usual"
    return excess, f"surging: {_number(count / usually)} times as often as before"


def _tied(one: _Counted, exposure: Exposure) -> tuple[_Excess | None, str]:
    """Whether it goes with bad requests rather than with good ones."""
    bad, good = one.traces[Of.BAD], one.traces[Of.GOOD]
    if not exposure.bad or not exposure.good:
        return None, ""
    rate = max(good, 0.5) / exposure.good
    excess = _Excess(bad, rate * exposure.bad)
    if bad <= excess.expected:
        return None, ""
    on_bad = min(bad * exposure.stride / exposure.bad, 1)
    on_good = min(good * exposure.stride / exposure.good, 1)
    return excess, f"on {_share(on_bad)} of bad requests and {_share(on_good)} of good ones"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _share(value: float) -> str:
    return f"{value:.0%}" if value >= 0.1 or not value else f"{100 * value:.2g}%"
