"""What does an SSH signature say of itself, before anybody believes it?

The format is OpenSSH's: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

from errorbudget.errors import Untrusted

LARGEST: Final = 32 * 2**10
"""Bytes; a certificate with a key of 16,384 bits still fits."""
_ARMOR: Final = re.compile(
    rb"\s*-----BEGIN SSH SIGNATURE-----\s([A-Za-z0-9+/=\s]+)-----END SSH SIGNATURE-----\s*"
)
_EACH: Final = re.compile(
    rb"-----BEGIN SSH SIGNATURE-----[^-]{0,%d}-----END SSH SIGNATURE-----" % LARGEST
)
_MAGIC: Final = b"SSHSIG\x00\x00\x00\x01"


@dataclass(frozen=True, slots=True)
class SshSignature:
    """Which key is said to have signed, and for what."""

    key_type: str
    """As `ssh-ed25519`."""
    fingerprint: str
    """As `SHA256:…`, the way `ssh-keygen -l` prints it."""
    namespace: str

    @classmethod
    def read(cls, text: bytes) -> Self:
        """The claims of an armored signature. Raises Untrusted for anything else."""
        match = _ARMOR.fullmatch(text) if len(text) <= LARGEST else None
        if match is None:
            raise Untrusted("is no SSH signature; make one with `errorbudget objective sign`")
        try:
            blob = b64decode(b"".join(match[1].split()), validate=True)
            if not blob.startswith(_MAGIC):
                raise ValueError
            key, rest = _string(blob[len(_MAGIC) :])
            namespace, _ = _string(rest)
            kind, _ = _string(key)
            return cls(kind.decode("ascii"), _fingerprint(key), namespace.decode("utf-8"))
        except (NotBase64, ValueError) as cause:
            raise Untrusted("is a damaged SSH signature; sign again") from cause


def each(text: bytes) -> list[bytes]:
    """The signatures in a text that may hold several; the whole text where there is none."""
    return _EACH.findall(text) or [text]


def _string(blob: bytes) -> tuple[bytes, bytes]:
    """The first length-prefixed string, and what follows it. Raises ValueError."""
    size = int.from_bytes(blob[:4], "big")
    if len(blob) < 4 + size:
        raise ValueError("cut short")
    return blob[4 : 4 + size], blob[4 + size :]


def _fingerprint(key: bytes) -> str:
    return f"SHA256:{b64encode(sha256(key).digest()).decode().rstrip('=')}"
