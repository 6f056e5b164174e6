"""Will the engine take this regular expression, or this time format, without failing on a row?

An unusable one stops a whole count, so only what is known to work is let through.
"""

import re
import warnings
from typing import Final

LONGEST: Final = 200
"""Characters of a regular expression or a time format."""

# RE2 (https://github.com/google/re2/wiki/Syntax) runs in linear time because it has neither
# lookaround nor back-references; counted repetition multiplies the size of its automaton.
_ESCAPES: Final = re.compile(r"[dDwWsSbBtnrfv^$.|?*+()\[\]{}\\/\-\"'=:,#&%@!<>~;_ ]")
_GROUPS: Final = ("(?:", "(?i)")
_POSSESSIVE: Final = re.compile(r"[*+?}]\+")
_COUNTED: Final = re.compile(r"\{(\d*)(?:,(\d*))?\}")
_MOST_REPEATS: Final = 1000

_DIRECTIVES: Final = frozenset("aAdbBmyYHIpMSfgnzj%")


def regexp_fault(pattern: str) -> str | None:
    """What keeps a regular expression from running everywhere, or None."""
    if len(pattern) > LONGEST:
        return f"is longer than {LONGEST} characters"
    for escaped in re.findall(r"\\(.?)", pattern, re.DOTALL):
        if not _ESCAPES.fullmatch(escaped):
            return f"holds `\\{escaped}`, which not every engine knows; write the characters out"
    plain = re.sub(r"\\.", "_", pattern, flags=re.DOTALL)
    if any(not plain.startswith(_GROUPS, at.start()) for at in re.finditer(r"\(\?", plain)):
        return "holds a group other than `(…)`, `(?:…)` or `(?i)`"
    if _POSSESSIVE.search(plain) or _repeats(plain) > _MOST_REPEATS:
        return f"repeats possessively, or more than {_MOST_REPEATS} times"
    return _compiles(pattern)


def time_format_fault(text: str) -> str | None:
    """What keeps a `strptime` format from being used, or None."""
    if len(text) > LONGEST:
        return f"is longer than {LONGEST} characters"
    for directive in re.findall(r"%-?(.?)", text, re.DOTALL):
        if directive not in _DIRECTIVES or not directive:
            known = " ".join(f"%{letter}" for letter in sorted(_DIRECTIVES))
            return f"holds `%{directive}`; known are {known}"
    return None


def _repeats(plain: str) -> int:
    product = 1
    for low, high in _COUNTED.findall(plain):
        product *= max(1, int(low or 0), int(high or 0))
    return product


def _compiles(pattern: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            re.compile(pattern)
    except (re.error, FutureWarning, OverflowError) as cause:
        return f"is not a regular expression: {str(cause).splitlines()[0]}"
    return None
