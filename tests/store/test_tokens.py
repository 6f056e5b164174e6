"""Tokens are kept as hashes, and open nothing once they are revoked or have expired."""

from datetime import UTC, datetime, timedelta

from errorbudget.store.home import Home
from errorbudget.store.tokens import parts

NOW = datetime(2026, 7, 20, tzinfo=UTC)


def test_a_token_is_found_again_and_fits_its_secret_only(opened: Home):
    made, text = opened.tokens.make("ci", ["read"], services=["shop"], now=NOW)
    id_, secret = parts(text)

    (stored,) = opened.tokens.all()

    assert stored == made
    assert stored.id == id_
    assert stored.fits(secret)
    assert not stored.fits(f"{secret}x")
    assert secret not in stored.digest


def test_a_token_ends_when_it_expires_or_is_revoked(opened: Home):
    hour = timedelta(hours=1)
    made, _ = opened.tokens.make("ci", ["read"], expires_at=NOW + hour, now=NOW)
    other, _ = opened.tokens.make("cd", ["read"], now=NOW)

    assert opened.tokens.revoke(other.id, NOW + hour)
    assert not opened.tokens.revoke(other.id, NOW + hour)

    valid = [(one.is_valid(NOW), one.is_valid(NOW + hour)) for one in opened.tokens.all()]
    assert sorted(valid) == [(False, False), (True, False)]
    assert made.is_valid(NOW)


def test_other_text_is_no_token():
    assert parts("") == parts("ghp_abc_def") == ("", "")
