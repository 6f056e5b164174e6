"""The whole state in one file: to have a copy of it, or to go on with it elsewhere.

A tar of the records (as SQLite, whatever they were in), the warehouse, what was acknowledged and
not yet loaded, and the home's other files: its keys among them.
"""

import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from errorbudget.errors import Failure, Untrusted, unreadable
from errorbudget.source.duckdb.copying import copied
from errorbudget.source.duckdb.warehouse import Warehouse
from errorbudget.store.copying import copy_records
from errorbudget.store.database import Database
from errorbudget.store.home import DATABASE, LOCK, TRAIL_KEY, WAREHOUSE, Home
from errorbudget.store.revision import bring_up_to_date
from errorbudget.store.trail import Trail

PART: Final = 1 << 20
NAME: Final = "errorbudget-home"
"""The folder in the archive: what is unpacked by hand lies together."""
_OWN: Final = (DATABASE, WAREHOUSE, LOCK, "server.json", "spill", "staging")
"""What belongs to one open home, or is copied as of one moment."""


class Moving:
    """Takes an open home along, while it is worked with."""

    def __init__(self, home: Home, warehouse: Warehouse) -> None:
        self._home = home
        self._warehouse = warehouse

    def export(self) -> Iterator[bytes]:
        """An archive of everything acknowledged before it was asked for.

        Records first: what they counted is in the warehouse that is copied after them. A batch that
        is in the journal and in the warehouse is known by its receipt, and counts once.
        """
        # Beside the home's own staging, which several exports at once would share.
        with tempfile.TemporaryDirectory(dir=self._warehouse.staging, prefix="export-") as name:
            folder = Path(name)
            self._records(folder / DATABASE)
            yield from packed([(folder / DATABASE, DATABASE), *self._files()])
            yield from packed([(copied(self._warehouse.connection, folder), WAREHOUSE)])
        yield bytes(2 * tarfile.BLOCKSIZE)

    def _records(self, file: Path) -> None:
        file.touch(mode=0o600)
        database = Database.sqlite(file)
        try:
            bring_up_to_date(database)
            copy_records(self._home.database, database)
        finally:
            database.close()

    def _files(self) -> Iterator[tuple[Path, str]]:
        path = self._home.path
        for file in sorted(path.rglob("*")):
            name = file.relative_to(path)
            if file.is_file() and not name.parts[0].startswith(_OWN):
                yield file, str(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What came along."""

    rows: int
    entries: int
    files: int

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"records": self.rows, "entries": self.entries, "files": self.files}


def move_in(file: Path, path: Path, store: str) -> Moved:
    """Make a home at `path` of an archive, its records in the store. Raises Failure.

    A home or a database that has records already is left as it was; of what fails nothing stays.
    """
    if Home.is_at(path) or any((path / one).exists() for one in (WAREHOUSE, TRAIL_KEY)):
        raise Failure(
            f"{path}: there is a home already; what is moved in is the whole",
            "Name an ERRORBUDGET_HOME that is not there yet.",
        )
    were = [*path.iterdir()] if path.is_dir() else None
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Within: nobody need be allowed to write beside a home.
        with tempfile.TemporaryDirectory(dir=path, prefix="import-") as name:
            return _moved(_unpacked(file, Path(name)), path, store)
    except OSError as cause:
        _leave(path, were)
        raise Failure(f"{path}: cannot be used as a home: {cause.strerror}") from cause
    except BaseException:
        _leave(path, were)
        raise


def _leave(path: Path, were: Collection[Path] | None) -> None:
    """Take away what is in a folder beside what was; None: there was no folder."""
    if were is None:
        shutil.rmtree(path, ignore_errors=True)
        return
    for one in {*path.iterdir()}.difference(were):
        if one.is_dir():
            shutil.rmtree(one, ignore_errors=True)
        else:
            one.unlink(missing_ok=True)


def _moved(unpacked: Path, path: Path, store: str) -> Moved:
    with Home.open(path, create=True, store=store) as home:
        source = Database.sqlite(unpacked / DATABASE)
        try:
            bring_up_to_date(source)
            entries = _verified(Trail(source, unpacked / TRAIL_KEY))
            # Records last: they are there as a whole or not at all, wherever they go.
            files = _put(unpacked, path)
            rows = sum(copy_records(source, home.database).values())
        finally:
            source.close()
        return Moved(rows=rows, entries=entries, files=files)


def _verified(trail: Trail) -> int:
    """How many entries there are, each where it was written. Raises Untrusted."""
    size = trail.size()
    if size and (flaw := trail.verify_hashes().flaw):
        raise Untrusted(f"the audit trail in there does not verify: {flaw}")
    return size


def _unpacked(file: Path, folder: Path) -> Path:
    try:
        with tarfile.open(file) as archive:
            archive.extractall(folder, filter="data")
    except OSError as cause:
        raise unreadable(file, cause) from cause
    except (tarfile.TarError, EOFError, zlib.error) as cause:
        raise Failure(f"{file}: is no archive that can be read: {cause}") from cause
    unpacked = folder / NAME
    if not ((unpacked / DATABASE).is_file() and (unpacked / WAREHOUSE).is_file()):
        raise Failure(f"{file}: is no whole export of a home; `errorbudget home export` makes one")
    return unpacked


def _put(unpacked: Path, path: Path) -> int:
    count = 0
    for file in sorted(unpacked.rglob("*")):
        name = file.relative_to(unpacked)
        if file.is_file() and not name.parts[0].startswith(DATABASE):
            (path / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.move(file, path / name)
            count += 1
    return count


def packed(files: list[tuple[Path, str]]) -> Iterator[bytes]:
    """Files as members of a tar, as long as they are when their turn comes.

    One that is gone by then is left out: what a journal held was loaded.
    """
    for file, name in files:
        try:
            reading = file.open("rb")
        except FileNotFoundError:
            continue
        with reading:
            info = tarfile.TarInfo(f"{NAME}/{name}")
            status = os.fstat(reading.fileno())
            info.size = left = status.st_size
            info.mtime, info.mode = int(status.st_mtime), 0o600
            yield info.tobuf(tarfile.PAX_FORMAT)
            while left and (part := reading.read(min(PART, left))):
                left -= len(part)
                yield part
            yield bytes(left + -info.size % tarfile.BLOCKSIZE)
