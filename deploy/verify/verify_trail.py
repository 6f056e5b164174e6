#!/usr/bin/env python3
"""Checks a copy of an errorbudget audit trail with nothing but Python's standard library.

    python3 verify_trail.py COPY KEY [CHECKPOINT...]

COPY is what `errorbudget audit export` wrote, KEY the trail's public key as you kept it, in the
form name+id+base64, each CHECKPOINT a file with one that a decision came with. The format is in
docs/audit-trail.md; no code is shared with the program. Exit code 0: verified; 1: not, and why.
"""

import sys
from base64 import b64decode, b64encode
from hashlib import sha256, sha512
from pathlib import Path

# Ed25519, RFC 8032, section 5.1: points are (x, y, z, t) with x = x/z, y = y/z, t = xy/z.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def must(holds, why):
    """Go on only where this holds."""
    if not holds:
        raise ValueError(why)


def add(a, b):
    """The sum of two points, section 5.1.4."""
    u, v = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    w, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return (
        (v - u) * (z - w) % P,
        (z + w) * (v + u) % P,
        (z - w) * (z + w) % P,
        (v - u) * (v + u) % P,
    )


def times(n, a):
    """A multiple of a point."""
    total = (0, 1, 1, 0)
    for bit in bin(n)[2:]:
        total = add(total, total)
        total = add(total, a) if bit == "1" else total
    return total


def point(packed):
    """The point that 32 bytes stand for, section 5.1.3."""
    sign, y = divmod(int.from_bytes(packed, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    must(y < P and x * x % P == square and (x or not sign), "not a point of the curve")
    x = P - x if x % 2 != sign else x
    return x, y, 1, x * y % P


BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def signed(public, signature, text):
    """Whether the key made this signature of the text, section 5.1.7."""
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(sha512(signature[:32] + public + text).digest(), "little") % L
    left, right = times(s, BASE), add(point(signature[:32]), times(h, point(public)))
    same = all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))
    return len(signature) == 64 and s < L and same


def base64(text):
    """Bytes from the one base64 spelling of them."""
    must(b64encode(b64decode(text)).decode() == text, "base64 that is spelt another way")
    return b64decode(text)


def checkpoint(note, name, public):
    """Size and root of a C2SP checkpoint, once the key's signature of it is found to be good."""
    text, _, lines = note.rpartition("\n\n")
    origin, size, root = text.split("\n")
    must(origin == name and str(int(size)) == size, "a checkpoint of another trail")
    must(lines.endswith("\n"), "a checkpoint that is cut short")
    identity, good = sha256(f"{name}\n\x01".encode() + public).digest()[:4], 0
    for dash, who, what in (line.split(" ") for line in lines[:-1].split("\n")):
        must(dash == "\N{EM DASH}" and len(base64(what)) > 4, "a line that is no signature")
        if who == name and base64(what)[:4] == identity:
            text_is_signed = signed(public, base64(what)[4:], f"{text}\n".encode())
            must(text_is_signed, "a checkpoint with a signature that does not fit it")
            good += 1
    must(good, "a checkpoint without a signature by the trail's key")
    return int(size), base64(root)


def root_of(peaks):
    """The Merkle tree hash, RFC 6962, section 2.1, from the perfect trees it is made of."""
    (_, root), *rest = reversed(peaks)
    for _, left in rest:
        root = sha256(b"\x01" + left + root).digest()
    return root


def verify(copy, key, *kept):
    """How many entries the copy holds. Raises ValueError, or whatever a broken file leads to."""
    name, identity, spelt = key.split("+", 2)
    kind, public = base64(spelt)[:1], base64(spelt)[1:]
    must(kind == b"\x01" and len(public) == 32, "the key is not of Ed25519")
    must(
        sha256(f"{name}\n\x01".encode() + public).hexdigest()[:8] == identity,
        "the key's id is wrong",
    )
    claims = [checkpoint(Path(one).read_bytes().decode(), name, public) for one in kept]
    with Path(copy).open("rb") as file:
        must(file.readline() == b"errorbudget audit trail, format 1\n", "the first line is another")
        must(file.readline() == f"{key}\n".encode(), "the copy names another key")
        peaks, prev, size, roots = [], bytes(32), 0, {}
        for line in iter(file.readline, b"\n"):
            size += 1
            leaf = sha256(b"\x00" + line[65:-1]).digest()
            must(
                line[:65] == leaf.hex().encode() + b" " and line[-1:] == b"\n",
                f"entry {size} is altered",
            )
            follows = b'{"seq":%d,"prev":"%s",' % (size, prev.hex().encode())
            must(line[65:].startswith(follows), f"entry {size} does not follow the one before it")
            prev, peak = leaf, (1, leaf)
            while peaks and peaks[-1][0] == peak[0]:  # two perfect trees of one size are one tree
                peak = (2 * peak[0], sha256(b"\x01" + peaks.pop()[1] + peak[1]).digest())
            peaks.append(peak)
            if any(size == covered for covered, _ in claims):
                roots[size] = root_of(peaks)
        last = checkpoint(file.read().decode(), name, public)
        must(last == (size, root_of(peaks)), f"the last checkpoint is not of these {size} entries")
        for covered, root in claims:
            must(covered <= size, f"cut: there are {size} entries, a checkpoint covers {covered}")
            must(roots[covered] == root, f"a checkpoint of {covered} entries is of other entries")
    return size


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{verify(*sys.argv[1:])} entries verify\n")
    except Exception as cause:  # noqa: BLE001 -- whatever it is, the copy is not verified
        sys.exit(f"not verified: {cause}")
