"""Signatures on objective documents: made, found beside the file, checked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from errorbudget import clock
from errorbudget.errors import Failure, unreadable
from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.reading import read
from errorbudget.objective.signoff import NAMESPACE, Signature, owners, state
from errorbudget.program.objectives.applied import Applied
from errorbudget.store import signatures
from errorbudget.store.signatures import Signers
from errorbudget.store.signings import Signing
from errorbudget.store.sshsig import LARGEST, SshSignature, each

_MOST: Final = 8 * LARGEST
"""Bytes of a file of signatures."""

Sent = Mapping[str, bytes]
"""Files of signatures, by the role in their name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Which of the signatures at hand count, and why the others do not."""

    counted: tuple[Signing, ...]
    new: tuple[Signing, ...]
    """Those of them that were not known before."""
    refused: tuple[str, ...]

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """What counts, as the rule of sign-off takes it."""
        return tuple(
            Signature(role=one.role, principal=one.principal, key=one.key) for one in self.counted
        )


def beside(file: Path) -> dict[str, bytes]:
    """The files `FILE.ROLE.sig` beside a document, by role. Raises Failure for one too large."""
    found = dict[str, bytes]()
    for path in sorted(file.parent.iterdir() if file.parent.is_dir() else ()):
        role = path.name.removeprefix(f"{file.name}.").removesuffix(".sig")
        if path.name == f"{file.name}.{role}.sig" and path.is_file():
            if path.stat().st_size > _MOST:
                raise Failure(f"{path}: is larger than {_MOST // 1024} KiB, and no signature")
            found[role] = path.read_bytes()
    return found


def hear(
    body: bytes,
    versions: tuple[ObjectiveDocument | None, ObjectiveDocument],
    sent: Sent,
    known: Iterable[Signing],
    *,
    signers: Signers,
    file: str,
    now: datetime,
) -> Heard:
    """Check signatures over `body`: those `known`, as of when they were given, and those `sent`.

    `versions` are the one in force and the one that is signed.
    """
    hearing = _Hearing(body, signers)
    for one in known:
        place = f"{one.role} by {one.principal}, signed {clock.text(one.given_at)}"
        hearing.take(place, one.role, one.body, (one.principal,), one.given_at)
    known_ones = len(hearing.counted)
    for role, text in sent.items():
        place, named = f"{file}.{role}.sig", owners(role, *versions)
        if named:
            for part in each(text):
                hearing.take(place, role, part, named, now)
        else:
            hearing.refused.append(f"{place}: {role} is no role of this document; see `owners`")
    return Heard(
        counted=tuple(hearing.counted),
        new=tuple(hearing.counted[known_ones:]),
        refused=tuple(dict.fromkeys(hearing.refused)),
    )


class _Hearing:
    """Collects what counts; one key is one person."""

    def __init__(self, body: bytes, signers: Signers) -> None:
        self._body = body
        self._signers = signers
        self._digest = sha256(body).hexdigest()
        self.counted: list[Signing] = []
        self.refused: list[str] = []

    def take(
        self, place: str, role: str, text: bytes, named: tuple[str, ...], given_at: datetime
    ) -> None:
        try:
            signer = self._signers.who(
                self._body, text, namespace=NAMESPACE, at=given_at, among=named
            )
        except Failure as why:
            self.refused.append(f"{place}: {'. '.join(why.lines)}")
            return
        for other in self.counted:
            if other.key == signer.key and other.principal != signer.principal:
                self.refused.append(
                    f"{place}: is by the key that signed as {other.principal} already;"
                    " one key is one person, so somebody else signs with a key of their own"
                )
                return
            if (other.key, other.role) == (signer.key, role):
                return
        self.counted.append(
            Signing(
                digest=self._digest,
                role=role,
                principal=signer.principal,
                key=signer.key,
                body=text,
                given_at=given_at,
            )
        )


def signed(file: Path, *, role: str, key: Path) -> dict[str, Any]:
    """Sign a document's exact bytes in a role, into `FILE.ROLE.sig`.

    A signature of somebody else on the same bytes stays in that file. Raises DocumentInvalid,
    Failure.
    """
    body = _bytes(file)
    document = read(body, file=str(file))
    if role not in document.owners:
        roles = ", ".join(document.owners) or "none: write them under `owners`"
        raise Failure(f"--role {role}: no role of {file}; its roles are {roles}")
    made = signatures.sign(body, key=key, namespace=NAMESPACE)
    fingerprint = SshSignature.read(made).fingerprint
    target = file.with_name(f"{file.name}.{role}.sig")
    half = file.with_name(f"{file.name}.{role}.sig.new")
    half.write_bytes(b"".join([*_of_others(target, body, fingerprint), made]))
    half.replace(target)
    return {
        "file": str(target),
        "service": document.name,
        "digest": sha256(body).hexdigest(),
        "role": role,
        "key": fingerprint,
    }


def newest(file: Path, *, role: str, signers: Signers, now: datetime) -> dict[str, str | None]:
    """Whose the newest signature in `FILE.ROLE.sig` is, or why it would not count.

    As `principal` and `refused`, by signers that may know fewer people than a server's. Raises
    DocumentInvalid.
    """
    body = _bytes(file)
    named = read(body, file=str(file)).owners[role]
    *_, made = each(file.with_name(f"{file.name}.{role}.sig").read_bytes())
    try:
        who = signers.who(body, made, namespace=NAMESPACE, at=now, among=named)
    except Failure as why:
        return {"principal": None, "refused": ". ".join(why.lines)}
    return {"principal": who.principal, "refused": None}


def _of_others(target: Path, body: bytes, fingerprint: str) -> Iterator[bytes]:
    """What other keys signed of the same bytes."""
    if not target.is_file():
        return
    for part in each(target.read_bytes()):
        if signatures.is_over(body, part) and SshSignature.read(part).fingerprint != fingerprint:
            yield part.strip() + b"\n"


def verified(file: Path, *, signers: Signers, now: datetime) -> Applied:
    """What would become of a document with the signatures beside it, were it the first version.

    Needs nothing but the allowed signers. Raises DocumentInvalid.
    """
    return verified_bytes(_bytes(file), str(file), beside(file), signers=signers, now=now)


def verified_bytes(
    body: bytes, file: str, sent: Sent, *, signers: Signers, now: datetime
) -> Applied:
    """The same for a document that was sent; `file` is what its author calls it."""
    document = read(body, file=file)
    heard = hear(body, (None, document), sent, (), signers=signers, file=file, now=now)
    signoff = state(document, None, heard.signatures)
    return Applied(
        name=document.name,
        digest=sha256(body).hexdigest(),
        state=signoff.state,
        waits=signoff.waits,
        signatures=heard.signatures,
        refused=heard.refused,
        in_force=None,
        notes=(),
    )


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as cause:
        raise unreadable(file, cause) from cause
