"""A progress bar on a terminal, and nothing at all when piped."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

Progress = Callable[[int, int], None]


@contextmanager
def bar(file: Path) -> Generator[Progress | None]:
    """What `ingest` reports its bytes to while one file is read."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as RichProgress

    with RichProgress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(file.name, total=None)

        def advance(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total)

        yield advance
