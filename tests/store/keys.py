"""Real keys, made by the real ssh-keygen, and the file of those who may sign."""

import subprocess
from pathlib import Path

NAMESPACE = "errorbudget-objective@v1"


def make(folder: Path, person: str, kind: str = "ed25519") -> Path:
    """A private key without a passphrase; the public half stands beside it."""
    key = folder / f"{person}-{kind}"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", person, "-f", str(key)], check=True
    )
    return key


def public(key: Path) -> str:
    """Type and key, as an allowed signers file has them."""
    return " ".join(key.with_name(f"{key.name}.pub").read_text().split()[:2])


def allow(file: Path, *lines: tuple[str, Path]) -> Path:
    """An allowed signers file; each line is `principal [options]` and a key."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{who} {public(key)}\n" for who, key in lines))
    file.chmod(0o600)
    return file
