"""A person's browser that signed in: its cookie, and what shows a form is our own.

Both are signed with the server's key, which lasts as long as the server runs. The cookie names the
token, or the person whom an OpenID provider knows, and holds no secret; a token that is revoked or
expires ends its sessions with it.
"""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import quote, unquote

COOKIE: Final = "errorbudget_session"
LASTS: Final = timedelta(hours=12)


def opened(key: str, token: str, now: datetime) -> str:
    """The cookie of a session that the token of this id opens."""
    return sealed(key, "session", token, now + LASTS)


def token_of(key: str, cookie: str, now: datetime) -> str | None:
    """The id of the token that opened a session; None for a cookie that is not ours, or is old."""
    return unsealed(key, "session", cookie, now)


def opened_for(key: str, person: str, now: datetime) -> str:
    """The cookie of a session of a person whom an OpenID provider named."""
    return sealed(key, "person", person, now + LASTS)


def person_of(key: str, cookie: str, now: datetime) -> str | None:
    """The person of a session that a provider opened; None for any other cookie."""
    return unsealed(key, "person", cookie, now)


def sealed(key: str, purpose: str, text: str, ends: datetime) -> str:
    """A text that a browser may keep until it ends, for one purpose, and cannot change."""
    told = f"{quote(text, safe='')}.{int(ends.timestamp())}"
    return f"{told}.{derived(key, purpose, told)}"


def unsealed(key: str, purpose: str, cookie: str, now: datetime) -> str | None:
    """The text that was sealed for this purpose; None for what is not ours, or has ended."""
    told, _, mac = cookie.rpartition(".")
    if not hmac.compare_digest(mac.encode(), derived(key, purpose, told).encode()):
        return None
    text, _, ends = told.rpartition(".")
    return unquote(text) if now < datetime.fromtimestamp(int(ends), UTC) else None


def proof(key: str, cookie: str) -> str:
    """What a form of this session carries; nobody else's page can know it."""
    return derived(key, "form", cookie)


def derived(key: str, purpose: str, text: str) -> str:
    """What only this server can make of a text: 64 hexadecimal digits."""
    return hmac.new(key.encode(), f"{purpose}\0{text}".encode(), sha256).hexdigest()
