"""What a person reads of a page, and requests to show there."""

import re
from datetime import timedelta
from html import unescape

from errorbudget import clock


def shown(html: str) -> str:
    """What a person reads of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def proof(html: str) -> str:
    """What the forms of a page carry."""
    found = re.search(r'name="proof" value="([^"]+)"', html)
    assert found, "the page has no form"
    return found[1]


def field(html: str, name: str) -> str:
    """What a hidden field of a page holds."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"the page has no field {name}"
    return unescape(found[1])


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
