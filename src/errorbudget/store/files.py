"""How is a small file written so that a kill leaves the one before, or the new one, and no half?"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from errorbudget.errors import Failure


def read_json(file: Path) -> dict[str, Any]:
    """The object in a file. Raises Failure."""
    try:
        told = json.loads(file.read_bytes())
    except OSError as cause:
        raise Failure(f"{file}: cannot be read: {cause.strerror}") from cause
    except ValueError as cause:
        raise Failure(f"{file}: is not the JSON that was written there; delete it") from cause
    if not isinstance(told, dict):
        raise Failure(f"{file}: is not a JSON object")
    return told  # pyright: ignore[reportUnknownVariableType] -- keys of a JSON object are text


def put_json(file: Path, told: Mapping[str, Any]) -> None:
    """Put a file in place whole, on disk when this returns; for its owner alone. Raises Failure."""
    half = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(json.dumps(told, indent=1).encode())
            out.flush()
            os.fsync(out.fileno())
        half.replace(file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as cause:
        raise Failure(f"{file}: cannot be written: {cause.strerror}") from cause
    finally:
        with suppress(OSError):
            half.unlink()
