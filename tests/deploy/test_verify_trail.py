"""Copies of the trail, checked by the program and by the verifier that shares no code with it."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from errorbudget.errors import Untrusted
from errorbudget.policy.audit import NO_ENTRY, opening
from errorbudget.program.trail.audit import verify_copy
from errorbudget.store.home import Home

AT = datetime(2026, 7, 20, 14, 5, tzinfo=UTC)
SCRIPT = Path(__file__).parents[2] / "deploy" / "verify" / "verify_trail.py"


def loaded():
    spec = importlib.util.spec_from_file_location("verify_trail", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


INDEPENDENT = loaded()


@dataclass(frozen=True)
class Copy:
    """What left a home: the copy, the key, and the checkpoint of each entry, kept by pipelines."""

    file: Path
    key: str
    notes: tuple[Path, ...]

    @property
    def whole(self) -> bytes:
        return self.file.read_bytes()

    def altered(self, body: bytes) -> "Copy":
        other = self.file.with_name("altered")
        other.write_bytes(body)
        return Copy(other, self.key, self.notes)


def copied(folder: Path, words: list[str]) -> Copy:
    with Home.open(folder / "home", create=True) as home:
        told = [home.trail.append("decision", {"word": word}, AT) for word in words]
        (folder / "copy").write_bytes(b"".join(home.trail.export()))
        key = home.trail.verifier_key
    notes = tuple(folder / f"note-{one.seq}" for one in told)
    for note, one in zip(notes, told, strict=True):
        note.write_text(one.checkpoint)
    return Copy(folder / "copy", key, notes)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return copied(tmp_path_factory.mktemp("trail"), ["one", "two", "three", "four", "five"])


def ours(copy: Copy, *kept: Path) -> int:
    return verify_copy(copy.file, copy.key, *(note.read_text() for note in kept))["entries"]


def independent(copy: Copy, *kept: Path) -> int:
    return INDEPENDENT.verify(str(copy.file), copy.key, *map(str, kept))


VERIFIERS = pytest.mark.parametrize("verifier", [ours, independent])


def refused(verifier: Callable[..., int], copy: Copy, *kept: Path) -> str:
    with pytest.raises((Untrusted, ValueError)) as found:
        verifier(copy, *kept)
    return str(found.value)


@VERIFIERS
def test_a_copy_verifies_with_every_checkpoint_that_was_kept(copy: Copy, verifier):
    assert verifier(copy, *copy.notes) == 5


@pytest.mark.parametrize("words", [["one"], ["a"] * 64, ["b"] * 65])
@VERIFIERS
def test_copies_of_any_length_verify(tmp_path: Path, words: list[str], verifier):
    made = copied(tmp_path, words)

    assert verifier(made, made.notes[0], made.notes[-1]) == len(words)


@VERIFIERS
def test_no_byte_of_a_copy_can_be_flipped(copy: Copy, verifier):
    whole = copy.whole
    for place in range(len(whole)):
        spoilt = bytearray(whole)
        spoilt[place] ^= 1 << place % 8
        assert refused(verifier, copy.altered(bytes(spoilt)))


@VERIFIERS
def test_no_byte_of_a_copy_can_be_left_out_or_doubled(copy: Copy, verifier):
    whole = copy.whole
    for place in range(len(whole)):
        assert refused(verifier, copy.altered(whole[:place] + whole[place + 1 :]))
        assert refused(verifier, copy.altered(whole[:place] + whole[place : place + 1] * 2))


@VERIFIERS
def test_a_copy_cut_anywhere_is_refused(copy: Copy, verifier):
    whole = copy.whole
    for end in range(len(whole)):
        assert refused(verifier, copy.altered(whole[:end]))


@VERIFIERS
def test_entries_in_another_order_are_refused(copy: Copy, verifier):
    lines = copy.whole.splitlines(keepends=True)
    lines[3], lines[4] = lines[4], lines[3]

    assert "entry 2" in refused(verifier, copy.altered(b"".join(lines)))


@VERIFIERS
def test_an_altered_entry_is_named(copy: Copy, verifier):
    assert "entry 3" in refused(verifier, copy.altered(copy.whole.replace(b"three", b"threE")))


def rehashed(copy: Copy, words: dict[bytes, bytes], until: int | None = None) -> Copy:
    """Entries altered and every hash after them made anew, as one without the key could."""
    header, key, *lines = copy.whole.splitlines(keepends=True)
    entries, rest = lines[:5][:until], lines[5:]
    prev, anew = NO_ENTRY, list[bytes]()
    for seq, line in enumerate(entries, start=1):
        record = line[65:-1].split(b",", 2)[2]
        for old, new in words.items():
            record = record.replace(old, new)
        body = opening(seq, prev) + record
        prev = sha256(b"\x00" + body).digest()
        anew.append(prev.hex().encode() + b" " + body + b"\n")
    return copy.altered(b"".join([header, key, *anew, *rest]))


@VERIFIERS
def test_hashing_anew_does_not_help_without_the_key(copy: Copy, verifier):
    assert verifier(rehashed(copy, {})) == 5
    assert refused(verifier, rehashed(copy, {b"two": b"TWO"}))


@VERIFIERS
def test_a_cut_copy_with_an_older_checkpoint_is_found_by_anyone_with_a_later_one(
    copy: Copy, verifier
):
    body, _, _ = rehashed(copy, {}, until=3).whole.partition(b"\n\n")
    cut = copy.altered(body + b"\n\n" + copy.notes[2].read_bytes())

    assert verifier(cut, *copy.notes[:3]) == 3
    for later in copy.notes[3:]:
        assert refused(verifier, cut, later)


@VERIFIERS
def test_a_trail_written_anew_with_its_key_is_found_by_checkpoints_that_were_kept(
    copy: Copy, tmp_path: Path, verifier
):
    first, other = tmp_path / "first", tmp_path / "other"
    kept = copied(first, ["one", "two", "three"])
    (other / "home").mkdir(parents=True, mode=0o700)
    (other / "home" / "trail.key").write_bytes((first / "home" / "trail.key").read_bytes())
    anew = copied(other, ["one", "TWO", "three", "four"])

    assert verifier(anew) == 4
    assert verifier(anew, kept.notes[0]) == 4
    assert refused(verifier, anew, kept.notes[1])
    assert refused(verifier, anew, kept.notes[2])


@VERIFIERS
def test_a_copy_under_another_key_is_refused(copy: Copy, tmp_path: Path, verifier):
    forged = copied(tmp_path, ["one", "two", "three", "four", "five"])

    assert refused(verifier, Copy(forged.file, copy.key, ()))
    assert refused(verifier, Copy(forged.file, forged.key, ()), copy.notes[0])


def test_the_script_says_so_with_its_exit_code(copy: Copy):
    def run(*words: object) -> subprocess.CompletedProcess[str]:
        # -I: nothing but the standard library, wherever it runs; -O: no check is an assertion.
        command = [sys.executable, "-I", "-O", str(SCRIPT), *map(str, words)]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    good = run(copy.file, copy.key, copy.notes[1])
    spoilt = copy.altered(copy.whole.replace(b"three", b"threE"))
    bad, lacking = run(spoilt.file, copy.key), run(copy.file.with_name("gone"), copy.key)

    assert (good.returncode, good.stdout) == (0, "5 entries verify\n")
    assert (bad.returncode, bad.stderr) == (1, "not verified: entry 3 is altered\n")
    assert lacking.returncode == 1
    assert "gone" in lacking.stderr


def test_ed25519_agrees_with_the_published_vectors():
    """RFC 8032, section 7.1, tests 1 to 3."""
    for public, text, signature in VECTORS:
        key, sig = bytes.fromhex(public), bytes.fromhex(signature)
        assert INDEPENDENT.signed(key, sig, bytes.fromhex(text))
        assert not INDEPENDENT.signed(key, sig, bytes.fromhex(text) + b"x")
        larger = int.from_bytes(sig[32:], "little") + INDEPENDENT.L
        malleable = sig[:32] + larger.to_bytes(32, "little")
        assert not INDEPENDENT.signed(key, malleable, bytes.fromhex(text))


VECTORS = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
)
