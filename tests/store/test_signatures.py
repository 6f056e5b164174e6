from datetime import UTC, datetime
from pathlib import Path

import pytest

from errorbudget.errors import Failure, Untrusted
from errorbudget.store.signatures import Signer, Signers, sign
from errorbudget.store.sshsig import SshSignature
from store.keys import NAMESPACE, allow, make, public

BODY = b"target: 99.9%\n"
AT = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
ANA = "ana@shop.example"


def signed(key: Path, body: bytes = BODY, namespace: str = NAMESPACE) -> bytes:
    return sign(body, key=key, namespace=namespace)


def who(
    signers: Signers, signature: bytes, *, body: bytes = BODY, among: tuple[str, ...] = (ANA,)
) -> Signer:
    return signers.who(body, signature, namespace=NAMESPACE, at=AT, among=among)


def refusal(signers: Signers, signature: bytes, **asked: object) -> str:
    with pytest.raises(Untrusted) as refused:
        who(signers, signature, **asked)  # pyright: ignore[reportArgumentType]
    (line,) = refused.value.lines
    assert line.isprintable()
    return line


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_signature_is_whose_key_it_is(tmp_path: Path, kind: str):
    key = make(tmp_path, "ana", kind)
    signers = Signers(allow(tmp_path / "allowed", (ANA, key)))
    found = who(signers, signed(key))
    assert found.principal == ANA
    assert found.key == SshSignature.read(signed(key)).fingerprint


def test_the_one_of_those_asked_for_is_told(tmp_path: Path):
    key = make(tmp_path, "ana")
    signers = Signers(allow(tmp_path / "allowed", (ANA, key)))
    assert who(signers, signed(key), among=("bo@shop.example", ANA)).principal == ANA


def test_edited_bytes_are_nobodys(tmp_path: Path):
    key = make(tmp_path, "ana")
    signers = Signers(allow(tmp_path / "allowed", (ANA, key)))
    assert "other bytes" in refusal(signers, signed(key), body=b"target: 99.8%\n")


def test_a_signature_made_for_something_else_does_not_count(tmp_path: Path):
    key = make(tmp_path, "ana")
    signers = Signers(allow(tmp_path / "allowed", (ANA, key)))
    line = refusal(signers, signed(key, namespace="git"))
    assert line.startswith("was made for git, not for errorbudget-objective@v1")


def test_a_key_that_nobody_was_given_does_not_count(tmp_path: Path):
    ana, stranger = make(tmp_path, "ana"), make(tmp_path, "eve")
    signers = Signers(allow(tmp_path / "allowed", (ANA, ana)))
    line = refusal(signers, signed(stranger))
    assert SshSignature.read(signed(stranger)).fingerprint in line
    assert "gives to nobody" in line


def test_somebody_elses_key_is_named_as_theirs(tmp_path: Path):
    ana, bo = make(tmp_path, "ana"), make(tmp_path, "bo")
    signers = Signers(allow(tmp_path / "allowed", (ANA, ana), ("bo@shop.example", bo)))
    line = refusal(signers, signed(bo))
    assert line.startswith("is by bo@shop.example (ssh-ed25519 key SHA256:")
    assert line.endswith("and not by ana@shop.example")


def test_a_key_counts_only_while_it_is_valid(tmp_path: Path):
    key = make(tmp_path, "ana")
    until = Signers(allow(tmp_path / "until", (f'{ANA} valid-before="20260901120001"', key)))
    since = Signers(allow(tmp_path / "since", (f'{ANA} valid-after="20260901120001"', key)))
    assert who(until, signed(key)).principal == ANA
    later = datetime(2026, 9, 1, 12, 0, 2, tzinfo=UTC)
    with pytest.raises(Untrusted, match="key has expired"):
        until.who(BODY, signed(key), namespace=NAMESPACE, at=later, among=[ANA])
    assert "not yet valid" in refusal(since, signed(key))


def test_times_of_the_allowed_signers_are_utc_wherever_the_machine_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    key = make(tmp_path, "ana")
    signers = Signers(allow(tmp_path / "allowed", (f'{ANA} valid-after="20260901115959"', key)))
    assert who(signers, signed(key)).principal == ANA


def test_a_revoked_key_counts_no_longer(tmp_path: Path):
    key = make(tmp_path, "ana")
    revoked = tmp_path / "revoked"
    signers = Signers(allow(tmp_path / "allowed", (ANA, key)), revoked)
    assert who(signers, signed(key)).principal == ANA
    revoked.write_text(f"{public(key)}\n")
    assert f"which {revoked} revokes" in refusal(signers, signed(key))


def test_a_revocation_list_that_cannot_be_read_revokes_everything(tmp_path: Path):
    key = make(tmp_path, "ana")
    revoked = tmp_path / "revoked"
    signers = Signers(allow(tmp_path / "allowed", (ANA, key)), revoked)
    revoked.write_bytes(bytes(range(256)))
    assert "cannot be read" in refusal(signers, signed(key))


def test_a_key_may_be_kept_to_one_namespace(tmp_path: Path):
    key = make(tmp_path, "ana")
    signers = Signers(allow(tmp_path / "allowed", (f'{ANA} namespaces="git"', key)))
    assert "namespace" in refusal(signers, signed(key))


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"\xff\x00" * 40_000,
        b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n",
        b"-----BEGIN SSH SIGNATURE-----\n====\n-----END SSH SIGNATURE-----\n",
        b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAf////8=\n-----END SSH SIGNATURE-----\n",
    ],
)
def test_what_is_no_signature_is_said_to_be_none(tmp_path: Path, signature: bytes):
    signers = Signers(allow(tmp_path / "allowed", (ANA, make(tmp_path, "ana"))))
    assert "SSH signature" in refusal(signers, signature)


def test_every_bit_of_a_signature_matters(tmp_path: Path):
    key = make(tmp_path, "ana")
    signers = Signers(allow(tmp_path / "allowed", (ANA, key)))
    good = signed(key)
    body = good.index(b"\n") + 1
    for place in range(body, body + 280, 23):
        other = b"B" if good[place : place + 1] != b"B" else b"C"
        if good[place : place + 1] != b"\n":
            refusal(signers, good[:place] + other + good[place + 1 :])


def test_names_that_look_like_options_or_patterns_are_names(tmp_path: Path):
    key = make(tmp_path, "ana")
    signers = Signers(allow(tmp_path / "allowed", (ANA, key)))
    for name in ("-f", "*", "ana@*", "an\0a", "", f"{ANA},bo"):
        refusal(signers, signed(key), among=(name,))


def test_without_allowed_signers_the_way_out_is_told(tmp_path: Path):
    key = make(tmp_path, "ana")
    with pytest.raises(Failure, match="No such file") as refused:
        who(Signers(tmp_path / "allowed"), signed(key))
    assert "ssh-ed25519" in str(refused.value)


def test_allowed_signers_that_anybody_may_write_prove_nothing(tmp_path: Path):
    key = make(tmp_path, "ana")
    file = allow(tmp_path / "allowed", (ANA, key))
    file.chmod(0o666)
    with pytest.raises(Failure, match="chmod o-w"):
        who(Signers(file), signed(key))


def test_a_line_that_ssh_keygen_cannot_read_is_told_with_its_place(tmp_path: Path):
    key = make(tmp_path, "ana")
    file = tmp_path / "allowed"
    file.write_text(f"{ANA} no key at all\n")
    assert f"{file}:1" in refusal(Signers(file), signed(key))


def test_signing_says_which_key_it_could_not_use(tmp_path: Path):
    with pytest.raises(Failure, match="there is no such key"):
        signed(tmp_path / "none")
    (tmp_path / "junk").write_text("junk\n")
    with pytest.raises(Failure, match="junk: could not sign: "):
        signed(tmp_path / "junk")
