"""The receiver that the reference page shows, run against what is really sent."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from errorbudget import clock
from errorbudget.notify.webhook import Webhook
from notify.receiving import Receiver
from notify.telling import a_message

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "notifications.md"
SECRET = "whsec_" + "c2VjcmV0" * 4

Check = Callable[[str, dict[str, str], bytes], bool]


@pytest.fixture
def verified() -> Check:
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert code is not None
    names: dict[str, Any] = {}
    exec(code[1], names)
    return names["verified"]


def test_the_check_that_is_shown_accepts_what_is_sent_and_nothing_else(
    receiver: Receiver, verified: Check
):
    webhook = Webhook(url=receiver.url, secret=SECRET, source="test")
    webhook.send(a_message(), clock.now())
    webhook.close()

    (got,) = receiver.received
    headers = dict(got.headers)
    assert verified(SECRET, headers, got.body)
    assert not verified(SECRET, headers, got.body + b" ")
    assert not verified(SECRET, headers | {"webhook-timestamp": "1"}, got.body)
    assert not verified("whsec_" + "b3RoZXIh" * 4, headers, got.body)
