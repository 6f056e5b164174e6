"""How does a document count with PromQL? A counter's selector, or a query over `$window`."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, model_validator

from errorbudget.objective.notation import shown
from errorbudget.objective.section import Section
from errorbudget.objective.wording import located

_LONGEST: Final = 4000
_NAME: Final = r"[A-Za-z_:][A-Za-z0-9_:]*"
_TEXT: Final = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`"
_MATCHER: Final = rf"\s*[A-Za-z_][A-Za-z0-9_]*\s*(?:=~|!~|!=|=)\s*(?:{_TEXT})\s*"
_SELECTOR: Final = re.compile(
    rf"(?:{_NAME}\s*(?:\{{(?:{_MATCHER}(?:,{_MATCHER})*,?)?\s*\}})?"
    rf"|\{{{_MATCHER}(?:,{_MATCHER})*,?\s*\}})"
)
_RANGE: Final = re.compile(r"\[\s*\$window\s*(?::[^\]]*)?\]")
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}


def is_selector(text: str) -> bool:
    """Whether a query is a bare selector, so that the increase of its counters is meant."""
    return _SELECTOR.fullmatch(text) is not None


def query(text: str) -> str:
    """A query that counts requests. Raises ValueError saying what to write instead."""
    if not text.strip() or text != text.strip() or len(text) > _LONGEST or not text.isprintable():
        raise ValueError(f"is {shown(text)}; write PromQL on one line")
    if problem := _unbalanced(text):
        raise ValueError(f"is no PromQL: {problem}")
    if not is_selector(text) and not _RANGE.search(text):
        raise ValueError(
            f"is {shown(text)}; write a counter's selector, as http_requests_total, or a query with"
            " [$window], as sum(increase(http_requests_total[$window]))"
        )
    return text


def _unbalanced(text: str) -> str | None:
    """What is open or closed once too often, outside quoted text."""
    bare = re.sub(_TEXT, "", text)
    if re.search(r"[\"'`]", bare):
        return "a quote is not closed"
    if "#" in bare:
        return "it holds a comment"
    opened: list[str] = []
    for sign in bare:
        if sign in "([{":
            opened.append(sign)
        elif sign in _PAIRS and (not opened or opened.pop() != _PAIRS[sign]):
            return f"{sign} closes nothing"
    return f"{opened[-1]} is not closed" if opened else None


Query = Annotated[str, AfterValidator(query)]


class Counters(Section):
    """Which counters of a Prometheus server say how many requests were valid, and good or bad."""

    good: Query | None = None
    bad: Query | None = None
    valid: Query = Field(examples=["http_requests_total"])

    @model_validator(mode="after")
    def _counts_one_side(self) -> "Counters":
        if (self.good is None) == (self.bad is None):
            field = "bad" if self.good is None else "good"
            what = "is missing" if self.good is None else "is given beside `bad`"
            raise located([((field,), f"{what}; write one of `good` and `bad`")])
        return self
