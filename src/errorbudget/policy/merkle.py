"""Which single hash stands for all entries so far, and how does it grow by one entry?

Hashes are those of RFC 6962, section 2.1: https://www.rfc-editor.org/rfc/rfc6962#section-2.1
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256

from errorbudget.errors import Untrusted

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry's exact bytes."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbouring subtrees."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """What appending needs of a tree: the roots of its perfect subtrees, largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> "Frontier":
        """The frontier after one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> "Frontier":
        """The frontier after these leaf hashes too."""
        size, peaks = self.size, [*self.peaks]
        for leaf in leaves:
            right, full = leaf, size
            # Each trailing one bit of the size is a perfect subtree that this leaf completes.
            while full & 1:
                right = node_hash(peaks.pop(), right)
                full >>= 1
            peaks.append(right)
            size += 1
        return Frontier(size=size, peaks=tuple(peaks))

    @property
    def root(self) -> bytes:
        """The Merkle tree hash of everything appended."""
        if not self.peaks:
            return EMPTY_ROOT
        return reduce(lambda right, left: node_hash(left, right), reversed(self.peaks))

    def pack(self) -> bytes:
        """The peaks as bytes; the size is kept beside them."""
        return b"".join(self.peaks)

    @classmethod
    def unpack(cls, size: int, packed: bytes) -> "Frontier":
        """The frontier of `size` entries from its packed peaks. Raises Untrusted."""
        if size < 0 or len(packed) != HASH_SIZE * size.bit_count():
            raise Untrusted(f"the trail's head does not fit its size of {size} entries")
        starts = range(0, len(packed), HASH_SIZE)
        return cls(size=size, peaks=tuple(packed[start : start + HASH_SIZE] for start in starts))
