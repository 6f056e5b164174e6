"""Did this webhook come from here, unaltered and just now?

The scheme is Standard Webhooks, so receivers find a ready library in most languages.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from errorbudget.errors import Failure, Untrusted

TOLERANCE: Final = timedelta(minutes=5)
SHORTEST_KEY: Final = 24
"""Bytes; the specification's own lower bound."""

PREFIX: Final = "whsec_"


def key(secret: str) -> bytes:
    """The key of a secret: base64 after `whsec_`, else the text itself. Raises Failure."""
    try:
        encoded = secret.startswith(PREFIX)
        found = b64decode(secret[len(PREFIX) :], validate=True) if encoded else secret.encode()
    except NotBase64 as cause:
        raise Failure(f"a secret that starts with {PREFIX} goes on in base64") from cause
    if len(found) < SHORTEST_KEY:
        raise Failure(
            f"the secret is {len(found)} bytes long, at least {SHORTEST_KEY} are needed;"
            f' write one made with: echo "{PREFIX}$(openssl rand -base64 32)"'
        )
    return found


def sign(key: bytes, *, id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that go with a body."""
    stamp = str(int(at.timestamp()))
    return {
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{_digest(key, id, stamp, body)}",
    }


def verify(key: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The id of a webhook with these headers (names in lower case) and exactly this body.

    Raises Untrusted for a signature by another key, other bytes, or another time than now.
    """
    id_, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    wanted = f"v1,{_digest(key, id_, stamp, body)}".encode()
    given = headers.get("webhook-signature", "").encode().split()
    if not any(hmac.compare_digest(wanted, one) for one in given):
        raise Untrusted("the webhook is not signed with this secret, or was altered on its way")
    # What is signed is what we wrote, so the stamp is a number by now.
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise Untrusted("the webhook was signed too long ago, or the clocks disagree")
    return id_


def _digest(key: bytes, id_: str, stamp: str, body: bytes) -> str:
    content = f"{id_}.{stamp}.".encode() + body
    return b64encode(hmac.digest(key, content, "sha256")).decode()
