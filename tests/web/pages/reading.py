"""What a person reads of a page, and requests to show there."""

import re
from datetime import timedelta
from html import unescape

from errorbudget import clock


def shown(html: str) -> str:
    """What a person reads of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def requests(count: int, bad: int, service: str = "shop") -> list[dict[str, object]]:
    """So many requests of just now; the first of them are bad."""
    now = clock.now()
    return [
        {
            "time": (now - timedelta(milliseconds=number)).isoformat(),
            "service": service,
            "status": 500 if number < bad else 200,
        }
        for number in range(count)
    ]
