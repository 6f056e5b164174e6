"""Speaks with GitHub as an app: answers deployment protection rules, compares revisions.

https://docs.github.com/rest/actions/workflow-runs (review custom deployment protection rules) and
https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app
"""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx2

from errorbudget import clock
from errorbudget.errors import Failure, Unreachable, Untrusted
from errorbudget.notify.posting import client

COMMENT: Final = 1024
"""Characters that a comment may have."""
REPORTS: Final = 10
"""Reports that a waiting deployment takes."""
COMPARED: Final = 300
"""Files of a comparison that GitHub tells at most."""
_JWT_FOR: Final = timedelta(minutes=9)
_RENEWED: Final = timedelta(minutes=5)
"""Before a token ends."""


class Gone(Failure):
    """What an answer was for is not there any more."""


def verify(secret: bytes, signature: str, body: bytes) -> None:
    """Raise Untrusted unless these exact bytes were signed with the webhook's secret."""
    wanted = f"sha256={hmac.digest(secret, body, 'sha256').hex()}"
    if not hmac.compare_digest(wanted.encode(), signature.encode()):
        raise Untrusted("the webhook is not signed with this secret, or was altered on its way")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    ends: datetime


class GitHub:
    """One app at one API."""

    def __init__(self, api: str, app: str, key: str) -> None:
        self._api = api.rstrip("/")
        self._app = app
        self._key = key
        self._http = client()
        self._tokens = dict[int, _Token]()

    def answer(
        self, installation: int, callback: str, *, environment: str, state: str | None, comment: str
    ) -> None:
        """Approve or reject a waiting deployment; without a state only report on it.

        Raises Untrusted for a callback that is not this API's (nothing is sent to it), Gone when
        nothing waits there, Unreachable.
        """
        self._refuse_foreign(callback)
        sent = {"environment_name": environment, "comment": comment[:COMMENT]}
        self._call("POST", callback, installation, sent | ({"state": state} if state else {}))

    def compare(self, installation: int, repository: str, base: str, head: str) -> dict[str, Any]:
        """What differs between two revisions. Raises Gone for one that is not there."""
        between = f"{quote(base, safe='')}...{quote(head, safe='')}"
        url = f"{self._api}/repos/{repository}/compare/{between}?per_page=100"
        return self._call("GET", url, installation).json()

    def undelivered(self) -> Iterator[tuple[int, str, str]]:
        """Number, delivery id and event of webhooks that last did not arrive, newest first."""
        found = self._call("GET", f"{self._api}/app/hook/deliveries?per_page=100", None).json()
        for one in found:
            if not 200 <= int(one["status_code"]) < 300:
                yield int(one["id"]), str(one["guid"]), str(one["event"])

    def redeliver(self, number: int) -> None:
        """Have one delivered again."""
        self._call("POST", f"{self._api}/app/hook/deliveries/{number}/attempts", None)

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def _refuse_foreign(self, url: str) -> None:
        wanted, given = urlsplit(self._api), urlsplit(url)
        inside = given.path.startswith(f"{wanted.path}/repos/") and ".." not in given.path
        if (given.scheme, given.netloc) != (wanted.scheme, wanted.netloc) or not inside:
            raise Untrusted(
                f"{given.netloc or 'the callback'}: is not at {self._api}; not answered"
            )

    def _call(
        self,
        method: str,
        url: str,
        installation: int | None,
        sent: Mapping[str, Any] | None = None,
    ) -> httpx2.Response:
        token = self._jwt() if installation is None else self._token(installation)
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        try:
            answer = self._http.request(method, url, headers=headers, json=sent)
        except httpx2.HTTPError as cause:
            raise Unreachable(f"{self._api}: {cause or type(cause).__name__}") from cause
        if answer.is_success:
            return answer
        if answer.status_code == 401 and installation is not None:
            self._tokens.pop(installation, None)
        kind = Gone if answer.status_code in (404, 409, 410, 422) else Unreachable
        raise kind(f"{self._api}: answered {answer.status_code} to {method} {urlsplit(url).path}")

    def _token(self, installation: int) -> str:
        """An installation's token; of any length, and good for an hour."""
        known, now = self._tokens.get(installation), clock.now()
        if known is None or known.ends - _RENEWED < now:
            url = f"{self._api}/app/installations/{installation}/access_tokens"
            made = self._call("POST", url, None).json()
            known = _Token(str(made["token"]), clock.parse(made["expires_at"]))
            self._tokens[installation] = known
        return known.text

    def _jwt(self) -> str:
        import jwt

        now = clock.now()
        # A minute back, as GitHub advises: its clock may be behind.
        claims = {"iss": self._app, "iat": now - timedelta(minutes=1), "exp": now + _JWT_FOR}
        try:
            return jwt.encode(claims, self._key, algorithm="RS256")
        except (ValueError, TypeError) as cause:
            raise Failure("github.key: is no RSA private key in PEM") from cause
