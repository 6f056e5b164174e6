"""The key that signs the audit trail: made once, kept in one file of the home."""

import os
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from errorbudget.errors import Untrusted
from errorbudget.policy.checkpoint import ED25519, VerifierKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The trail's private key and what it is known by."""

    private: "Ed25519PrivateKey"
    verifier: VerifierKey

    @classmethod
    def of(cls, private: "Ed25519PrivateKey") -> "SigningKey":
        """A key named for itself, so that no two trails share an origin."""
        public = private.public_key().public_bytes_raw()
        name = f"errorbudget-trail/{sha256(public).hexdigest()[:16]}"
        return cls(private, VerifierKey(name=name, public=public))

    def sign(self, text: str) -> str:
        """The signed note."""
        return self.verifier.signed(text, self.private.sign(text.encode()))


def read_key(file: Path) -> SigningKey:
    """The key in a file: `PRIVATE+KEY+name+id+base64`, one line. Raises Untrusted."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    text = file.read_text(encoding="utf-8", errors="replace").strip()
    try:
        seed = b64decode(text.split("+", 4)[-1], validate=True).removeprefix(ED25519)
        key = SigningKey.of(Ed25519PrivateKey.from_private_bytes(seed))
    except (NotBase64, ValueError) as cause:
        raise Untrusted(f"{file}: not the trail's key") from cause
    if text != _key_text(key):
        raise Untrusted(f"{file}: not the trail's key; its name and id do not fit it")
    return key


def make_key(file: Path) -> SigningKey:
    """A new key, on disk for its owner alone before it signs anything."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = SigningKey.of(Ed25519PrivateKey.generate())
    half = file.with_suffix(".new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(f"{_key_text(key)}\n")
        handle.flush()
        os.fsync(handle.fileno())
    half.replace(file)
    _sync_folder(file.parent)
    return key


def _key_text(key: SigningKey) -> str:
    seed = b64encode(ED25519 + key.private.private_bytes_raw()).decode()
    return f"PRIVATE+KEY+{key.verifier.name}+{key.verifier.id.hex()}+{seed}"


def _sync_folder(folder: Path) -> None:
    """A new name is on disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
