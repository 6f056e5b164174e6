"""The laws of the trail: whatever is altered, verifying names the first entry it concerns."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.errors import Untrusted
from errorbudget.policy.audit import NO_ENTRY, Entry, entry_bytes, record_bytes, verify
from errorbudget.policy.checkpoint import Checkpoint, VerifierKey
from errorbudget.policy.merkle import Frontier, leaf_hash

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = VerifierKey(name="trail.example", public=PRIVATE.public_key().public_bytes_raw())
AT = datetime(2026, 7, 20, 14, 5, tzinfo=UTC)


def written(body: dict[str, object], *, seq: int, prev: bytes) -> bytes:
    record = record_bytes(at=AT, kind="decision", body=body)
    return entry_bytes(record, seq=seq, prev=prev)


def trail(words: list[str], private: Ed25519PrivateKey = PRIVATE) -> tuple[list[Entry], Frontier]:
    entries: list[Entry] = []
    frontier, prev = Frontier(), NO_ENTRY
    for seq, word in enumerate(words, start=1):
        body = written({"word": word}, seq=seq, prev=prev)
        prev = leaf_hash(body)
        frontier = frontier.append(prev)
        text = Checkpoint(origin=KEY.name, size=seq, root=frontier.root).text
        note = KEY.signed(text, private.sign(text.encode()))
        entries.append(Entry(seq=seq, body=body, leaf=prev, checkpoint=note))
    return entries, frontier


ENTRIES, HEAD = trail(["one", "two", "three", "four", "five"])


def flaw_of(entries: list[Entry], **more) -> int | None:
    found = verify(entries, key=KEY, **more).flaw
    return found.seq if found else None


def flipped(text: bytes, place: int, bit: int) -> bytes:
    spoilt = bytearray(text)
    spoilt[place] ^= 1 << bit
    return bytes(spoilt)


@given(st.lists(st.text(max_size=6), max_size=9))
def test_a_trail_as_written_verifies(words: list[str]):
    entries, head = trail(words)

    verified = verify(entries, key=KEY, head=head, kept=[entry.checkpoint for entry in entries])

    assert (verified.entries, verified.root, verified.flaw) == (len(words), head.root, None)


@given(st.data(), st.sampled_from(ENTRIES), st.integers(min_value=0, max_value=7))
def test_any_flipped_bit_is_found_at_its_entry(data: st.DataObject, entry: Entry, bit: int):
    field = data.draw(st.sampled_from(["body", "leaf", "checkpoint"]))
    stored = getattr(entry, field)
    raw = stored.encode() if isinstance(stored, str) else stored
    spoilt = flipped(raw, data.draw(st.integers(0, len(raw) - 1)), bit)
    value = spoilt.decode(errors="replace") if isinstance(stored, str) else spoilt
    altered = [replace(one, **{field: value}) if one is entry else one for one in ENTRIES]

    assert flaw_of(altered) == entry.seq


def test_every_byte_of_a_small_trail_counts():
    entries, _ = trail(["a", "b"])
    for number, entry in enumerate(entries):
        for place in range(len(entry.body)):
            altered = list(entries)
            altered[number] = replace(entry, body=flipped(entry.body, place, 0))
            assert flaw_of(altered) == entry.seq


@given(st.permutations(ENTRIES))
def test_entries_in_another_order_do_not_verify(shuffled: list[Entry]):
    first = next((n for n, entry in enumerate(shuffled, start=1) if entry.seq != n), None)

    assert flaw_of(shuffled) == first


@given(st.integers(min_value=1, max_value=4))
def test_a_removed_entry_is_named(seq: int):
    assert flaw_of([entry for entry in ENTRIES if entry.seq != seq]) == seq


@given(st.integers(min_value=0, max_value=4))
def test_a_trail_cut_short_is_found_by_its_head_or_by_a_later_checkpoint(size: int):
    cut = ENTRIES[:size]

    assert flaw_of(cut) is None
    assert flaw_of(cut, head=HEAD) == size + 1
    assert flaw_of(cut, kept=[ENTRIES[-1].checkpoint]) == size + 1


def test_a_trail_written_anew_without_the_key_is_found_at_its_first_other_entry():
    forged, _ = trail(["one", "two", "THREE", "four", "five"], Ed25519PrivateKey.generate())

    assert flaw_of(ENTRIES[:2] + forged[2:]) == 3


def test_a_trail_written_anew_with_the_key_is_found_by_a_checkpoint_kept_elsewhere():
    forged, head = trail(["one", "two", "THREE", "four", "five"])

    assert flaw_of(forged, head=head) is None
    assert flaw_of(forged, head=head, kept=[ENTRIES[3].checkpoint]) == 4


def test_a_kept_checkpoint_by_another_key_is_refused():
    other = VerifierKey(name="other.example", public=KEY.public)

    with pytest.raises(Untrusted, match="no signature"):
        verify(ENTRIES, key=other, kept=[ENTRIES[0].checkpoint])


def test_an_entry_says_its_number_its_time_and_what_came_before():
    fields = ENTRIES[1].fields()

    assert fields == {
        "seq": 2,
        "prev": ENTRIES[0].leaf.hex(),
        "at": "2026-07-20T14:05:00.000000Z",
        "kind": "decision",
        "body": {"word": "two"},
    }


def test_a_path_that_is_no_text_can_be_recorded():
    body = written({"file": "a\udcff"}, seq=1, prev=NO_ENTRY)

    assert b"a\\udcff" in body


def test_a_number_that_is_none_is_never_recorded():
    with pytest.raises(ValueError, match="JSON compliant"):
        record_bytes(at=AT, kind="decision", body={"rate": float("nan")})
