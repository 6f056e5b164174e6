"""What does a signed statement about the trail look like, and who signed it?

A C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint) in a signed note (https://c2sp.org/signed-note).
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from hashlib import sha256

from errorbudget.errors import Untrusted
from errorbudget.policy.merkle import HASH_SIZE

ED25519 = b"\x01"
SIGNATURE_SIZE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """An Ed25519 public key and the name it signs under, which is also the trail's origin."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """The key that `name+id+base64` spells. Raises Untrusted."""
        name, _, rest = text.strip().partition("+")
        identity, _, encoded = rest.partition("+")
        decoded = _decoded(encoded)
        if decoded is None or decoded[:1] != ED25519 or len(decoded) != 1 + HASH_SIZE:
            raise Untrusted(f"{text.strip()!r} is not an Ed25519 verifier key: name+id+base64")
        key = cls(name=name, public=decoded[1:])
        if key.id.hex() != identity:
            raise Untrusted(f"{text.strip()!r}: the key's id is {key.id.hex()}, not {identity}")
        return key

    def signed(self, text: str, signature: bytes) -> str:
        """The note: the text, and below it this key's signature of it."""
        return f"{text}\n— {self.name} {b64encode(self.id + signature).decode()}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The claim that a trail of `size` entries has this root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def opened(note: str, key: VerifierKey) -> str:
    """The text of a note that `key` signed; other keys' lines are ignored. Raises Untrusted."""
    text, gap, signatures = note.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise Untrusted("not a signed note: a text, an empty line, then signature lines")
    text += "\n"
    found = [_signature(line, key) for line in signatures.removesuffix("\n").split("\n")]
    ours = [signature for signature in found if signature is not None]
    if not ours:
        raise Untrusted(f"the note carries no signature by {key}")
    for signature in ours:
        _check(key, signature, text)
    return text


def read_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a note that `key` signed. Raises Untrusted."""
    lines = opened(note, key).split("\n")
    root = _decoded(lines[2]) if len(lines) >= 4 else None
    if root is None or len(root) != HASH_SIZE or lines[0] != key.name or not _is_size(lines[1]):
        raise Untrusted(f"not a checkpoint of {key.name}: origin, size and root, a line each")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def _is_size(text: str) -> bool:
    """ASCII digits, no leading zero, as the specification wants them."""
    return text.isascii() and text.isdecimal() and str(int(text)) == text


def _signature(line: str, key: VerifierKey) -> bytes | None:
    """The signature in this line if it claims to be by `key`."""
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    decoded = _decoded(encoded)
    if dash != "—" or not name or decoded is None or len(decoded) <= len(key.id):
        raise Untrusted(f"{line!r} is not a signature line")
    if name != key.name or not decoded.startswith(key.id):
        return None
    return decoded[len(key.id) :]


def _check(key: VerifierKey, signature: bytes, text: str) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except InvalidSignature as cause:
        raise Untrusted(f"the signature by {key.name} does not fit the text above it") from cause


def _decoded(text: str) -> bytes | None:
    """Bytes from base64, only if spelt as base64 spells them: no two spellings of one signature."""
    try:
        value = b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return None
    return value if b64encode(value).decode() == text else None
