"""Attestations of decisions, read by the libraries of those who verify such things."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.vsa.v1.vsa_pb2 import VerificationSummary
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from errorbudget.policy.attestation import envelope, statement

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
COMMIT = "8f1d4a2c9b7e6f3a5d0c1b2e4f6a8c9d7e5f3b1a"


def fields(change: str, decision: str = "allow") -> dict:
    body = {
        "service": "checkout",
        "change": change,
        "policy": "ab" * 32,
        "decision": {"decision": decision, "reason": "22 % left"},
    }
    return {"seq": 7, "at": "2026-07-20T14:05:00.000000Z", "kind": "decision", "body": body}


def told(change: str, decision: str = "allow") -> dict:
    return statement(fields(change, decision), "cd" * 32, trail="errorbudget-trail/x")


def signed() -> dict:
    return json.loads(envelope(told(COMMIT), key_id="trail", sign=PRIVATE.sign))


def public_key(private: Ed25519PrivateKey = PRIVATE) -> SSlibKey:
    raw = private.public_key().public_bytes_raw().hex()
    return SSlibKey("trail", "ed25519", "ed25519", {"public": raw})


def test_securesystemslib_verifies_the_envelope():
    found = Envelope.from_dict(signed()).verify([public_key()], 1)

    assert list(found) == ["trail"]


def test_securesystemslib_refuses_another_payload_and_another_key():
    altered = signed()
    payload = base64.b64decode(altered["payload"]).replace(b"PASSED", b"FAILED")
    altered["payload"] = base64.b64encode(payload).decode()

    with pytest.raises(VerificationError):
        Envelope.from_dict(altered).verify([public_key()], 1)
    with pytest.raises(VerificationError):
        Envelope.from_dict(signed()).verify([public_key(Ed25519PrivateKey.generate())], 1)


def test_in_toto_reads_the_statement_and_its_summary():
    payload = json.loads(base64.b64decode(signed()["payload"]))
    read = Statement.copy_from_pb(ParseDict(payload, Statement([], "", {}).pb))
    read.validate()
    # Its schema has one level where the specification has a list of them.
    (payload["predicate"]["verifiedLevels"],) = payload["predicate"]["verifiedLevels"]
    summary = ParseDict(payload["predicate"], VerificationSummary())

    assert read.pb.predicate_type == "https://slsa.dev/verification_summary/v1"
    assert dict(read.pb.subject[0].digest) == {"gitCommit": COMMIT}
    assert summary.verification_result == "PASSED"
    assert summary.verified_levels == "ERRORBUDGET_ALLOWED"
    assert summary.verifier.id == "errorbudget-trail/x"
    assert summary.policy.digest["sha256"] == "ab" * 32


@pytest.mark.parametrize("decision", ["block", "needs_approval"])
def test_what_was_not_permitted_has_failed(decision: str):
    predicate = told(COMMIT, decision)["predicate"]

    assert predicate["verificationResult"] == "FAILED"
    assert predicate["verifiedLevels"] == ["FAILED"]


@pytest.mark.parametrize(
    ("change", "digest"),
    [
        (COMMIT, {"gitCommit": COMMIT}),
        (f"registry.example/shop@sha256:{'0a' * 32}", {"sha256": "0a" * 32}),
        (f"sha256:{'0a' * 32}", {"sha256": "0a" * 32}),
    ],
)
def test_a_change_is_known_by_its_commit_or_its_image(change: str, digest: dict):
    assert told(change)["subject"] == [{"name": change, "digest": digest}]


def test_a_change_of_any_other_name_claims_no_commit_and_no_image():
    (subject,) = told("checkout-2.14.0")["subject"]

    assert list(subject["digest"]) == ["errorbudgetChange"]
