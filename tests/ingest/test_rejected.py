"""What batches had set aside is shown, and can neither fill a disk nor refuse what was taken."""

from pathlib import Path

from errorbudget.ingest import rejected
from errorbudget.ingest.rejected import Rejected, keep_some

WRONG = Rejected(line=1, reason="no time", text="x" * 900)


def test_a_day_keeps_so_much_and_no_more(tmp_path: Path) -> None:
    file = tmp_path / "rejected" / "today.ndjson"
    file.parent.mkdir()
    file.write_bytes(b"\n" * (rejected.MOST - 1))

    for _ in range(2):
        keep_some(file, [WRONG])

    assert rejected.MOST < file.stat().st_size < rejected.MOST + 1_000


def test_a_folder_that_cannot_be_written_refuses_nothing(tmp_path: Path) -> None:
    (tmp_path / "rejected").write_text("no folder")

    keep_some(tmp_path / "rejected" / "today.ndjson", [WRONG])
