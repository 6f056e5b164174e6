"""Who signed these exact bytes? Asked of `ssh-keygen`, with public keys that an operator keeps.

Keys, certificates, hardware keys and revocation lists mean here what they mean to OpenSSH; see
ALLOWED SIGNERS in ssh-keygen(1). Times without a zone in that file are UTC.
"""

import os
import stat
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from errorbudget.errors import Failure, Untrusted
from errorbudget.store.sshsig import SshSignature

_PATIENCE: Final = 10.0
"""Seconds that a verification may take; it takes about a hundredth of one."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A person, by the name that the allowed signers give, and the key they signed with."""

    principal: str
    key: str
    """Its fingerprint, as `SHA256:…`."""


@dataclass(frozen=True, slots=True)
class Signers:
    """The people whose signatures count, and the keys that count no longer."""

    allowed: Path
    """An allowed signers file. It is only read: whoever may write it decides who may sign."""
    revoked: Path | None = None
    """A key revocation list, or public keys one a line; looked at when it exists."""

    def who(
        self,
        body: bytes,
        signature: bytes,
        *,
        namespace: str,
        at: datetime,
        among: Collection[str],
    ) -> Signer:
        """Which of the principals `among` signed these bytes with a key that was good at `at`.

        `signature` is what `ssh-keygen -Y sign` wrote. Raises Untrusted saying why it is nobody's,
        Failure when the allowed signers or ssh-keygen cannot be used. The message has no place:
        the caller knows what the signature is called.
        """
        self._refuse_unprotected()
        said = SshSignature.read(signature)
        if said.namespace != namespace:
            raise Untrusted(
                f"was made for {_quoted(said.namespace)}, not for {namespace};"
                f" sign with `ssh-keygen -Y sign -n {namespace}`"
            )
        with TemporaryDirectory(prefix="errorbudget-") as folder:
            file = Path(folder) / "signature"
            file.write_bytes(signature)
            told = ""
            for principal in among:
                if "\0" in principal:
                    continue
                verdict = self._verify(principal, body, file, namespace, at)
                if verdict.returncode == 0:
                    return Signer(principal, said.fingerprint)
                told = _words(verdict)
            raise Untrusted(self._why(said, body, file, at, among, told))

    def holders(self, signature: bytes, at: datetime) -> list[str]:
        """Everybody to whom the key of a signature belongs at a moment."""
        with TemporaryDirectory(prefix="errorbudget-") as folder:
            file = Path(folder) / "signature"
            file.write_bytes(signature)
            return self._holders(file, at)

    def _refuse_unprotected(self) -> None:
        try:
            mode = self.allowed.stat().st_mode
        except OSError as cause:
            raise Failure(
                f"{self.allowed}: cannot be read: {cause.strerror}",
                "It holds who may sign, a line each: `ana@shop.example ssh-ed25519 AAAA…`;"
                " see ALLOWED SIGNERS in ssh-keygen(1).",
            ) from cause
        if mode & stat.S_IWOTH:
            raise Failure(
                f"{self.allowed}: everybody on this machine may write it, so it proves nothing;"
                f" run `chmod o-w {self.allowed}`"
            )

    def _verify(
        self, principal: str, body: bytes, file: Path, namespace: str, at: datetime
    ) -> subprocess.CompletedProcess[bytes]:
        wanted = ["-I", principal, "-n", namespace, "-s", str(file), "-f", str(self.allowed)]
        revoked = ["-r", str(self.revoked)] if self.revoked and self.revoked.exists() else []
        return _ssh_keygen("verify", *wanted, *revoked, "-O", _moment(at), sent=body)

    def _why(
        self,
        said: SshSignature,
        body: bytes,
        file: Path,
        at: datetime,
        among: Collection[str],
        told: str,
    ) -> str:
        """Why nobody `among` signed, once that is certain."""
        if not _is_intact(said, body, file):
            return "was made over other bytes than these; sign again what is here now"
        if told:
            return f"does not count: {told}"
        holders = self._holders(file, at)
        key = f"{said.key_type} key {said.fingerprint}"
        if self.revoked and not {_quoted(name) for name in among}.isdisjoint(holders):
            return f"is by a {key}, which {self.revoked} revokes (or cannot be read to say)"
        if holders:
            return f"is by {' or '.join(holders)} ({key}), and not by {_either(among)}"
        return f"is by a {key}, which {self.allowed} gives to nobody"

    def _holders(self, file: Path, at: datetime) -> list[str]:
        """Whom the key belongs to."""
        asked = ["-s", str(file), "-f", str(self.allowed), "-O", _moment(at)]
        found = _ssh_keygen("find-principals", *asked)
        return [_quoted(line) for line in found.stdout.decode(errors="replace").splitlines()]


def sign(body: bytes, *, key: Path, namespace: str) -> bytes:
    """An armored signature over `body`, as `ssh-keygen -Y sign` writes it.

    `key` is a private key, or the public half of one that the agent or a hardware token holds.
    ssh-keygen asks for a passphrase on the terminal itself. Raises Failure.
    """
    if not key.is_file():
        raise Failure(f"{key}: there is no such key; write the path of a private key")
    made = _ssh_keygen("sign", "-f", str(key), "-n", namespace, sent=body, patience=None)
    if made.returncode:
        told = _words(made) or f"ssh-keygen ended with {made.returncode}"
        raise Failure(f"{key}: could not sign: {told}")
    return made.stdout


def is_over(body: bytes, signature: bytes) -> bool:
    """Whether some key, anybody's, made this signature over these bytes."""
    try:
        said = SshSignature.read(signature)
    except Untrusted:
        return False
    with TemporaryDirectory(prefix="errorbudget-") as folder:
        file = Path(folder) / "signature"
        file.write_bytes(signature)
        return _is_intact(said, body, file)


def _is_intact(said: SshSignature, body: bytes, file: Path) -> bool:
    intact = ["-n", said.namespace, "-s", str(file)]
    return _ssh_keygen("check-novalidate", *intact, sent=body).returncode == 0


def _ssh_keygen(
    action: str, *arguments: str, sent: bytes = b"", patience: float | None = _PATIENCE
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["ssh-keygen", "-Y", action, *arguments],
            input=sent,
            capture_output=True,
            check=False,
            timeout=patience,
            env=os.environ | {"TZ": "UTC0", "LC_ALL": "C"},
        )
    except FileNotFoundError as cause:
        raise Failure("ssh-keygen: not found; install OpenSSH 8.9 or newer") from cause
    except subprocess.TimeoutExpired as cause:
        raise Failure(f"ssh-keygen -Y {action}: no answer within {patience:g} seconds") from cause


def _words(ended: subprocess.CompletedProcess[bytes]) -> str:
    """What ssh-keygen said of the cause, on one line."""
    noise = ("Signing data on", "Could not verify", "sig_verify:")
    lines = ended.stderr.decode(errors="replace").splitlines()
    return "; ".join(_quoted(line) for line in lines if not line.startswith(noise))


def _quoted(text: str) -> str:
    """Text of unknown origin, fit to stand in a line."""
    shown = text.strip()[:200]
    return shown if shown.isprintable() else repr(shown)


def _moment(at: datetime) -> str:
    return f"verify-time={at.astimezone(UTC):%Y%m%d%H%M%S}"


def _either(among: Collection[str]) -> str:
    return " or ".join(_quoted(principal) for principal in among) or "anybody asked for"
