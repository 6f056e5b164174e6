"""Is a user agent a bot? Asked once for each distinct user agent, not for each request."""

import re
from functools import cache
from typing import Final

_SELF_DECLARED: Final = re.compile(
    r"(?<!cu)bots?\b|crawl|spider|slurp|kube-probe|healthcheck|googlehc", re.IGNORECASE
)
"""What bots call themselves that no list knows yet (Cubot is a phone), and platforms' probes."""

_PATTERNS_AT_ONCE: Final = 25


def is_bot(user_agent: str) -> bool:
    """Whether a crawler, a monitor or a probe sent it; a program's HTTP library alone is no bot."""
    if _SELF_DECLARED.search(user_agent):
        return True
    return any(pattern.search(user_agent) for pattern in _known())


@cache
def _known() -> list[re.Pattern[str]]:
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    # Requests of curl, okhttp or Go's client are how services and API customers call: not bots.
    texts = [
        str(entry["pattern"])
        for entry in CRAWLER_USER_AGENTS_DATA
        if entry.get("tags") != ["http-library"]
    ]
    # Many small alternations match several times faster than one of 1,500 in Python's engine.
    return [
        re.compile("|".join(texts[start : start + _PATTERNS_AT_ONCE]))
        for start in range(0, len(texts), _PATTERNS_AT_ONCE)
    ]
