"""A server whose wall clock goes faster: `python paced.py MOMENT FILE SPEED serve …`.

The clock stands at MOMENT until FILE says since when it goes, SPEED times as fast as the
machine's. Everything else is the program as it is installed.
"""

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from errorbudget import clock
from errorbudget.clock import now as by_the_machine


@dataclass(slots=True)
class Pace:
    """A clock that several processes share."""

    moment: datetime
    file: Path
    speed: float
    since: datetime | None = None

    def go(self) -> None:
        """From now on it goes."""
        new = self.file.with_suffix(".new")
        new.write_text(by_the_machine().isoformat())
        new.rename(self.file)

    def now(self) -> datetime:
        """What it shows."""
        if self.since is None:
            if not self.file.exists():
                return self.moment
            self.since = datetime.fromisoformat(self.file.read_text())
        return self.moment + (by_the_machine() - self.since) * self.speed


if __name__ == "__main__":
    pace = Pace(clock.parse(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
    del sys.argv[1:4]
    clock.now = pace.now
    from errorbudget.cli.main import run

    run()
