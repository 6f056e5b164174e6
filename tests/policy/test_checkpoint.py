"""Signed notes and checkpoints, against the example that their specification publishes."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from errorbudget.errors import Untrusted
from errorbudget.policy.checkpoint import Checkpoint, VerifierKey, opened, read_checkpoint

# From https://c2sp.org/signed-note
KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuw\
HjG1Yu72IneyaQM=
"""


def test_the_specifications_own_note_opens():
    assert opened(NOTE, VerifierKey.parse(KEY)) == "This is an example message.\n"


def test_a_key_is_spelt_as_the_specification_spells_it():
    assert str(VerifierKey.parse(KEY)) == KEY


@pytest.mark.parametrize(
    "text", ["", "foo", KEY[:-4], KEY.replace("530d903a", "530d903b"), KEY.replace("+Ae", "+Be")]
)
def test_a_key_that_is_not_whole_is_refused(text: str):
    with pytest.raises(Untrusted):
        VerifierKey.parse(text)


@pytest.mark.parametrize("place", range(len(NOTE.encode())))
def test_no_byte_of_a_note_can_be_flipped(place: int):
    spoilt = bytearray(NOTE.encode())
    spoilt[place] ^= 1

    with pytest.raises(Untrusted):
        opened(spoilt.decode(errors="replace"), VerifierKey.parse(KEY))


def test_a_second_spelling_of_a_signature_is_refused():
    with pytest.raises(Untrusted, match="not a signature line"):
        opened(NOTE.replace("yaQM=", "yaQN="), VerifierKey.parse(KEY))


def test_a_witness_may_sign_below():
    witnessed = f"{NOTE}— witness.example/w {b64encode(bytes(76)).decode()}\n"

    assert opened(witnessed, VerifierKey.parse(KEY)) == "This is an example message.\n"


def test_a_note_by_someone_else_is_refused():
    other = VerifierKey(name="example.com/bar", public=VerifierKey.parse(KEY).public)

    with pytest.raises(Untrusted, match="no signature by"):
        opened(NOTE, other)


def private_key() -> tuple[Ed25519PrivateKey, VerifierKey]:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = private.public_key().public_bytes_raw()
    return private, VerifierKey(name="trail.example", public=public)


def test_a_checkpoint_is_read_as_it_was_signed():
    private, key = private_key()
    checkpoint = Checkpoint(origin=key.name, size=17, root=bytes(range(32)))

    note = key.signed(checkpoint.text, private.sign(checkpoint.text.encode()))

    assert read_checkpoint(note, key) == checkpoint
    assert note.startswith("trail.example\n17\n")


@pytest.mark.parametrize(
    "text",
    [
        "trail.example\n17\n",
        f"other.example\n17\n{b64encode(bytes(32)).decode()}\n",
        f"trail.example\n017\n{b64encode(bytes(32)).decode()}\n",
        "trail.example\n17\nc2hvcnQ=\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_of_this_trail_is_refused(text: str):
    private, key = private_key()

    with pytest.raises(Untrusted, match="not a checkpoint of"):
        read_checkpoint(key.signed(text, private.sign(text.encode())), key)
