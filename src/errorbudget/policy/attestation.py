"""What does a decision look like to tools that check supply chains?

A verification summary (https://slsa.dev/spec/v1.1/verification_summary) in an in-toto statement
(https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md), signed as a DSSE envelope
(https://github.com/secure-systems-lab/dsse/blob/master/protocol.md).
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT: Final = "https://in-toto.io/Statement/v1"
SUMMARY: Final = "https://slsa.dev/verification_summary/v1"
ALLOWED: Final = "ERRORBUDGET_ALLOWED"
"""The level of a change that was permitted; SLSA leaves names without its prefix to others."""

_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_IMAGE: Final = re.compile(r"(?:.*@)?sha256:([0-9a-f]{64})")


def statement(fields: Mapping[str, Any], leaf: str, *, trail: str) -> dict[str, Any]:
    """The statement of a decision's entry, by its fields and leaf hash; `trail` is its origin."""
    body = fields["body"]
    allowed = body["decision"]["decision"] == "allow"
    return {
        "_type": STATEMENT,
        "subject": [{"name": body["change"], "digest": _digest(body["change"])}],
        "predicateType": SUMMARY,
        "predicate": {
            "verifier": {"id": trail},
            "timeVerified": fields["at"],
            "resourceUri": f"errorbudget:{body['service']}",
            "policy": {
                "uri": f"errorbudget:{body['service']}/objective",
                "digest": {"sha256": body["policy"]},
            },
            "inputAttestations": [{"uri": f"{trail}#{fields['seq']}", "digest": {"sha256": leaf}}],
            "verificationResult": "PASSED" if allowed else "FAILED",
            "verifiedLevels": [ALLOWED if allowed else "FAILED"],
        },
    }


def envelope(told: Mapping[str, Any], *, key_id: str, sign: Callable[[bytes], bytes]) -> bytes:
    """A statement signed: one line of JSON."""
    payload = json.dumps(told, separators=(",", ":")).encode()
    signature = {"keyid": key_id, "sig": _base64(sign(_authenticated(payload)))}
    record = {
        "payload": _base64(payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [signature],
    }
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _authenticated(payload: bytes) -> bytes:
    """What is signed: the payload with its type, neither to be taken for the other."""
    return b"DSSEv1 %d %s %d %s" % (
        len(PAYLOAD_TYPE),
        PAYLOAD_TYPE.encode(),
        len(payload),
        payload,
    )


def _digest(change: str) -> dict[str, str]:
    """The commit or the image that a change is known by; of another name, the name's own hash."""
    if _COMMIT.fullmatch(change):
        return {"gitCommit": change}
    if image := _IMAGE.fullmatch(change):
        return {"sha256": image[1]}
    return {"errorbudgetChange": sha256(change.encode(errors="surrogateescape")).hexdigest()}


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode()
