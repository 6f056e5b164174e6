"""A person's browser that signed in with a token: its cookie, and what shows a form is our own.

Both are signed with the server's key, which lasts as long as the server runs. The cookie names the
token and holds no secret; a token that is revoked or expires ends its sessions with it.
"""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

COOKIE: Final = "errorbudget_session"
LASTS: Final = timedelta(hours=12)


def opened(key: str, token: str, now: datetime) -> str:
    """The cookie of a session that the token of this id opens."""
    told = f"{token}.{int((now + LASTS).timestamp())}"
    return f"{told}.{_signed(key, 'session', told)}"


def token_of(key: str, cookie: str, now: datetime) -> str | None:
    """The id of the token that opened a session; None for a cookie that is not ours, or is old."""
    told, _, mac = cookie.rpartition(".")
    if not hmac.compare_digest(mac.encode(), _signed(key, "session", told).encode()):
        return None
    token, _, ends = told.rpartition(".")
    return token if now < datetime.fromtimestamp(int(ends), UTC) else None


def proof(key: str, cookie: str) -> str:
    """What a form of this session carries; nobody else's page can know it."""
    return _signed(key, "form", cookie)


def _signed(key: str, purpose: str, text: str) -> str:
    return hmac.new(key.encode(), f"{purpose}\0{text}".encode(), sha256).hexdigest()
