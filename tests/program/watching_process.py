"""A watch in a process of its own, to be killed: looks minute by minute, and notes how far it got.

python watching_process.py HOME START MINUTES PROGRESS
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from errorbudget.program.program import Program


def main(home: str, start: str, minutes: str, progress: str) -> None:
    done = Path(progress)
    begin = int(done.read_text() or "0") if done.exists() else 0
    with Program.open(Path(home)) as program:
        watch = program.watch(route=lambda _: ("chat",))
        for after in range(begin, int(minutes)):
            watch.tick(datetime.fromisoformat(start) + timedelta(minutes=after))
            done.write_text(str(after))


if __name__ == "__main__":
    main(*sys.argv[1:])
