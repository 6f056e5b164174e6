"""Writes the document of a proposal: every choice with the sentence that explains it."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from errorbudget.objective.proposal.criteria import Criteria
from errorbudget.objective.proposal.ruling import Bands, Ruling

_WIDTH: Final = 100
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_WORDS: Final = frozenset(
    ("true", "false", "null", "yes", "no", "on", "off", "~", "y", "n", "TRUE", "FALSE", "NULL")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A real request, and what the criteria make of it."""

    request: Mapping[str, Any]
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything a document is written from."""

    service: str
    criteria: Criteria
    target: str
    window: int
    """Days."""
    why_target: Sequence[str]
    warnings: Sequence[str]
    """What to mind before signing."""
    history: str
    """What was looked at, in one sentence."""
    examples: Sequence[Example]
    ruling: Ruling
    services: Sequence[str] = ()
    """Those that are pooled under the name; none for a service of its own."""


def write(draft: Draft) -> str:
    """The document, ready to be checked, tested, changed and signed."""
    return "\n".join(_lines(draft)) + "\n"


def _lines(draft: Draft) -> Iterator[str]:
    criteria = draft.criteria
    yield from _comment(f"What {draft.service} promises: a proposal from its own requests.")
    yield from _comment(draft.history)
    yield from _comment(
        "Read it, change what you know better, put people's names under owners, and sign it."
        " It binds when both roles have signed."
    )
    for warning in draft.warnings:
        yield from _comment(f"Mind: {warning}")
    yield "apiVersion: errorbudget/v1"
    yield "kind: ObjectiveDocument"
    yield ""
    if draft.services:
        yield f"name: {_scalar(draft.service)}"
        yield f"services: [{', '.join(map(_scalar, draft.services))}]"
    else:
        yield f"service: {_scalar(draft.service)}"
    if criteria.environment:
        yield f"environment: {_scalar(criteria.environment)}"
    yield from _rules(draft.ruling)
    yield ""
    if criteria.scope:
        yield "requests:"
        for why in criteria.why_scope:
            yield from _comment(why, indent=2)
        yield from _sql("scope", criteria.scope, indent=2)
        yield ""
    yield from _objective(draft)
    yield from _policy(draft.ruling)
    yield from _REST.splitlines()
    if draft.examples:
        yield ""
        yield from _comment(
            "Real requests, one of each kind: `errorbudget objective test` runs them."
        )
        yield "examples:"
        for one in draft.examples:
            yield f"  - {{request: {_flow(one.request)}, availability: {one.outcome}}}"


def _objective(draft: Draft) -> Iterator[str]:
    criteria = draft.criteria
    yield "objectives:"
    for later in criteria.later:
        yield from _comment(f"Later: {later}", indent=2)
    yield "  availability:"
    if criteria.valid:
        for why in criteria.why_valid:
            yield from _comment(why, indent=4)
        yield from _sql("valid", criteria.valid, indent=4)
    for why in criteria.why_good:
        yield from _comment(why, indent=4)
    yield from _sql("good", criteria.good, indent=4)
    for why in draft.why_target:
        yield from _comment(why, indent=4)
    yield f"    target: {draft.target}"
    yield f"    window: {{rolling: {draft.window}d}}"


def _rules(ruling: Ruling) -> Iterator[str]:
    yield from _comment(
        "enforce: the gate may say no once the document binds; advise: it only says what it would"
        f" say. {ruling.why_mode}".rstrip()
    )
    yield f"mode: {ruling.mode.value}"
    yield from _OWNERS.format(revisit=ruling.revisit).splitlines()


def _policy(ruling: Ruling) -> Iterator[str]:
    yield from _BURN.splitlines()
    for why in ruling.why_bands:
        yield from _comment(why, indent=2)
    yield from _BANDS[ruling.bands].splitlines()


def _comment(text: str, *, indent: int = 0) -> Iterator[str]:
    start = f"{' ' * indent}# "
    yield from textwrap.wrap(
        text,
        width=_WIDTH,
        initial_indent=start,
        subsequent_indent=start,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _sql(name: str, text: str, *, indent: int) -> Iterator[str]:
    """A criterion as a block, so that nothing in it needs quoting."""
    yield f"{' ' * indent}{name}: >-"
    inner = " " * (indent + 2)
    yield from textwrap.wrap(
        text,
        width=_WIDTH,
        initial_indent=inner,
        subsequent_indent=inner,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _scalar(text: str) -> str:
    """Text as YAML reads it back, the same whatever is in it."""
    number = re.fullmatch(r"[-+.]?[0-9].*", text)
    if _PLAIN.fullmatch(text) and not number and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def _flow(values: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{_scalar(name)}: {_value(one)}" for name, one in values.items()) + "}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return str(value)
    return _flow(value) if isinstance(value, Mapping) else _scalar(str(value))


_OWNERS: Final = """\

# Who may sign, and approve a change that the policy forbids. Put the people here.
owners:
  engineering: [engineering@example.com]
  product: [product@example.com]
signoff:
  required: [engineering, product]
  # The day to look at it again; until a new version is signed, this one stays in force.
  revisit: {revisit}
"""

_BURN: Final = """\

# Page at ten times the sustainable rate, tell of three times: the defaults, left as they are.
# burn: {fire: {rate: 10, horizons: [1h, 6h]}, warn: {rate: 3, horizons: [6h, 24h]}}

policy:
"""

_BANDS: Final[Mapping[Bands, str]] = {
    "wide": """\
  # Over half of the budget left: everything ships. Over a quarter: what is small. Less: repairs.
  bands:
    - {above: 50%, allow: [rollback, critical, low, normal, high]}
    - {above: 25%, allow: [rollback, critical, low]}
    - {above: -inf, allow: [rollback, critical]}
""",
    "narrow": """\
  # Over a tenth of the budget left: everything ships. Some left: what is small. None: repairs.
  bands:
    - {above: 10%, allow: [rollback, critical, low, normal, high]}
    - {above: 0%, allow: [rollback, critical, low]}
    - {above: -inf, allow: [rollback, critical]}
""",
}

_REST: Final = """\
  # Nobody knows the budget: small changes only.
  unknown: {allow: [rollback, low]}
  # Both owners together may spend budget on one change that its band forbids.
  approval: {roles: [engineering, product], need: all, expires_within: 24h}

# How dangerous a change is, by what it touches; the highest match counts.
risk:
  low: {max_files: 1, max_lines: 10}
  rules:
    - {id: schema, class: high, paths: ["migrations/**", "**/*.sql"], unless: additive}
    - {id: infrastructure, class: high, paths: ["terraform/**", "k8s/**", "deploy/**"]}
    - {id: words, class: low, paths: ["docs/**", "**/*.md"]}

postmortem:
  # One burn that used this much is worth a page of writing.
  when_spent: 20%"""
