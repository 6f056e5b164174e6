"""How is a request sent to a receiver so that it ends in time, and its answer means one thing?"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2

from errorbudget.notify.channel import Postponed, Refused
from errorbudget.notify.message import clean

TIMEOUT: Final = httpx2.Timeout(10, connect=5)
"""Seconds to connect, and between two bytes."""

EXPLANATION: Final = 2000
"""Bytes of an answer that are read where it says what was wrong."""

LONGEST_RETRY_AFTER: Final = timedelta(hours=1)

TRY_AGAIN: Final = frozenset({408, 425, 429, *range(500, 600)})

# The client writes every address it calls into its log, and some hold a token.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


def client() -> httpx2.Client:
    """A client that follows no redirect: what was signed for one host is not given to another."""
    return httpx2.Client(timeout=TIMEOUT, follow_redirects=False)


def post(
    http: httpx2.Client,
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    now: datetime,
    explains: bool = False,
) -> None:
    """Send a body. Raises Postponed or Refused, naming the host and never the rest of the URL.

    Only where the receiver `explains` its refusals is anything of its answer's body read.
    """
    host = place(url)
    try:
        with http.stream("POST", url, content=body, headers=dict(headers)) as answer:
            if answer.is_success:
                return
            said = _explanation(answer) if explains else ""
    except httpx2.TimeoutException as cause:
        raise Postponed(f"{host}: no answer in time") from cause
    except (httpx2.RequestError, httpx2.StreamError) as cause:
        raise Postponed(f"{host}: {clean(str(cause), 200) or type(cause).__name__}") from cause
    _refuse(host, answer, said, now)


def place(url: str) -> str:
    """Scheme, host and port: what may be shown of an address."""
    parsed = httpx2.URL(url)
    port = f":{parsed.port}" if parsed.port else ""
    return f"{parsed.scheme}://{parsed.host}{port}"


def _refuse(host: str, answer: httpx2.Response, said: str, now: datetime) -> None:
    status = answer.status_code
    words = f"{host}: answered {status} {httpx2.codes.get_reason_phrase(status)}".rstrip() + (
        f": {said}" if said else ""
    )
    if status in TRY_AGAIN:
        raise Postponed(words, retry_after=_retry_after(answer.headers.get("retry-after"), now))
    if answer.is_redirect:
        words += "; redirects are not followed, write the final address"
    raise Refused(words)


def _explanation(answer: httpx2.Response) -> str:
    read = b""
    for chunk in answer.iter_bytes(EXPLANATION):
        read += chunk
        if len(read) >= EXPLANATION:
            break
    return clean(read.decode(errors="replace"), 300)


def _retry_after(header: str | None, now: datetime) -> timedelta | None:
    """The wait that a receiver asks for, in seconds or until a date; None for neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        asked = timedelta(seconds=int(header[:10]))
    else:
        try:
            until = parsedate_to_datetime(header)
        except ValueError:
            return None
        asked = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(max(asked, timedelta()), LONGEST_RETRY_AFTER)
