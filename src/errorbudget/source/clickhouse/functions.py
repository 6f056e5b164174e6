"""How each function that a criterion may call is written for ClickHouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from errorbudget.source import CriterionFailed
from errorbudget.source.clickhouse.terms import Term, TermKind, as_number, quoted, whole

Terms = Sequence[Term]


def _plain(sql: str, kind: TermKind) -> Callable[[Terms], Term]:
    return lambda given: Term(sql.format(*(term.sql for term in given)), kind)


def _number(sql: str) -> Callable[[Terms], Term]:
    def rule(given: Terms) -> Term:
        return Term(sql.format(as_number(given[0])), "number", undefined=given[0].undefined)

    return rule


def _same(name: str) -> Callable[[Terms], Term]:
    """A function whose values are all of one kind, which it gives."""

    def rule(given: Terms) -> Term:
        kinds: set[TermKind] = {term.kind for term in given if term.kind != "nothing"}
        is_mixed = kinds == {"whole", "number"}
        values = [as_number(term) if is_mixed else term.sql for term in given]
        kind: TermKind = "number" if is_mixed else (kinds.pop() if kinds else "nothing")
        undefined = any(term.undefined for term in given)
        return Term(f"{name}({', '.join(values)})", kind, undefined=undefined)

    return rule


def _trimmed(side: str) -> Callable[[Terms], Term]:
    def rule(given: Terms) -> Term:
        if len(given) == 1:
            return Term(f"{side}({given[0].sql})", "text")
        signs = _written(given[1], "the characters that a text is trimmed of")
        return Term(f"{side}({given[0].sql}, {quoted(signs)})", "text")

    return rule


def _written(term: Term, what: str) -> str:
    if term.literal is None:
        raise CriterionFailed(f"a criterion computes {what}; for ClickHouse write it as text")
    return term.literal


def _matches(given: Terms) -> Term:
    pattern = _written(given[1], "a regular expression")
    flags = "i" if len(given) > 2 and given[2].literal == "i" else ""
    # There a dot is no line break unless asked; here it is one unless told.
    return Term(f"match({given[0].sql}, {quoted(f'(?{flags}-s)' + pattern)})", "truth")


def _split(given: Terms) -> Term:
    sign = _written(given[1], "what split_part() splits at")
    text, place = given[0].sql, whole(given[2])
    if not sign:  # every text is its own first and last part
        found = f"if({place} in (1, -1), {text}, '')"
    else:
        parts = f"splitByString({quoted(sign)}, ifNull({text}, ''))"
        found = f"arrayElement({parts}, ifNull({place}, 0))"
    return Term(f"if(isNull({text}) or isNull({place}), NULL, {found})", "text")


def _substring(given: Terms) -> Term:
    text, start = given[0].sql, whole(given[1])
    if len(given) == 2:
        whole_text = f"substringUTF8({text}, if({start} = 0, 1, {start}))"
        return Term(f"if({_far(start, text)}, {text}, {whole_text})", "text")
    length = whole(given[2])
    # A start of 0 is one before the first character: it takes from the length, as there.
    taken = f"greatest(if({start} = 0, {length} - 1, {length}), 0)"
    return Term(f"substringUTF8({text}, if({start} = 0, 1, {start}), {taken})", "text")


def _far(start: str, text: str) -> str:
    """Whether a start counted from the end lies before the text."""
    return f"ifNull({start} < 0 and -{start} > lengthUTF8({text}), false)"


def _round(given: Terms) -> Term:
    number = as_number(given[0])
    if len(given) == 1:
        rounded = f"(sign({number}) * floor(abs({number}) + 0.5))"
        return Term(rounded, "number", undefined=given[0].undefined)
    digits = int(_written(given[1], "the digits of round()"))
    scale = f"1e{digits}"
    rounded = f"sign({number}) * floor(abs({number}) * {scale} + 0.5) / {scale}"
    rounded = f"if(isInfinite({number}), {number}, {rounded})"
    return Term(rounded, "number", undefined=given[0].undefined)


def _joined(given: Terms) -> Term:
    """Texts one after the other; what is NULL is left out."""
    parts = [f"ifNull({term.sql}, '')" for term in given]
    return Term(f"concat({', '.join([*parts, quoted('')])})", "text")


FUNCTIONS: Final[dict[str, Callable[[Terms], Term]]] = {
    "abs": _number("abs({})"),
    "ceil": _number("ceil({})"),
    "coalesce": _same("coalesce"),
    "concat": _joined,
    "contains": _plain("(position({}, {}) > 0)", "truth"),
    "ends_with": _plain("endsWith({}, {})", "truth"),
    "floor": _number("floor({})"),
    "greatest": _same("greatest"),
    "least": _same("least"),
    "length": _plain("toInt64(lengthUTF8({}))", "whole"),
    "lower": _plain("lowerUTF8({})", "text"),
    "ltrim": _trimmed("trimLeft"),
    "nullif": _same("nullIf"),
    "regexp_matches": _matches,
    "replace": _plain("replaceAll({}, {}, {})", "text"),
    "round": _round,
    "rtrim": _trimmed("trimRight"),
    "split_part": _split,
    "starts_with": _plain("startsWith({}, {})", "truth"),
    "substr": _substring,
    "trim": _trimmed("trimBoth"),
    "upper": _plain("upperUTF8({})", "text"),
}
"""By the name that a criterion calls it by."""
