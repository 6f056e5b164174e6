"""Signatures of webhooks, against the published example and against forgery."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.errors import Failure, Untrusted
from errorbudget.notify.signature import key, sign, verify
from notify.telling import NOW

KEY = key("a secret of more than twenty-four bytes")


def test_the_published_example_is_signed_as_published():
    headers = sign(
        key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, UTC),
        body=b'{"test": 2432232314}',
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(st.binary(max_size=100))
def test_what_is_signed_verifies(body: bytes):
    assert verify(KEY, sign(KEY, id="a1", at=NOW, body=body), body, NOW) == "a1"


@given(st.binary(min_size=1, max_size=50), st.integers(0, 49), st.integers(1, 255))
def test_a_body_with_one_byte_changed_does_not(body: bytes, place: int, flip: int):
    forged = bytearray(body)
    forged[place % len(body)] ^= flip

    with pytest.raises(Untrusted, match="altered"):
        verify(KEY, sign(KEY, id="a1", at=NOW, body=body), bytes(forged), NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_header_counts(name: str):
    headers = sign(KEY, id="a1", at=NOW, body=b"x")

    with pytest.raises(Untrusted):
        verify(KEY, headers | {name: "1"}, b"x", NOW)
    with pytest.raises(Untrusted):
        verify(KEY, {other: headers[other] for other in headers if other != name}, b"x", NOW)


def test_an_old_webhook_cannot_be_played_again():
    headers = sign(KEY, id="a1", at=NOW, body=b"x")

    with pytest.raises(Untrusted, match="too long ago"):
        verify(KEY, headers, b"x", NOW + timedelta(minutes=6))
    with pytest.raises(Untrusted, match="clocks disagree"):
        verify(KEY, headers, b"x", NOW - timedelta(minutes=6))


def test_one_of_several_signatures_is_enough_while_secrets_change():
    headers = sign(KEY, id="a1", at=NOW, body=b"x")
    both = headers | {"webhook-signature": f"v1,AAAA {headers['webhook-signature']} v2,x"}

    assert verify(KEY, both, b"x", NOW) == "a1"


@pytest.mark.parametrize("secret", ["short", "whsec_c2hvcnQ=", "whsec_not base64 but long enough"])
def test_a_weak_secret_is_refused_and_not_repeated(secret: str):
    with pytest.raises(Failure) as refusal:
        key(secret)

    assert secret not in str(refusal.value)
