"""How often does a small change turn out to hold a bug, and how often does another one?

On commits of real projects; those later blamed for a bug (SZZ) are marked. It measures size alone,
for the data names no files. A commit blamed for a bug is not an incident, and
size is no reason to trust a migration; that is why paths and facts outrank it.
"""

import csv
from pathlib import Path

from errorbudget.change import Diff, FileChange
from errorbudget.objective.document import Risk, RiskClass
from errorbudget.policy.risk import classify

DATA = Path(__file__).parents[1] / ".." / "shared" / "data" / "risk"
RULES = Risk.model_validate({"low": {"max_files": 1, "max_lines": 10}})
"""As in the documented example."""
Row = tuple[str, float, float, str, str]


def run() -> list[Row]:
    """Per project: the bug rate of what counts as low, against that of the rest."""
    return [_of(file) for file in sorted(DATA.glob("*_k_feature.csv"))]


def _of(file: Path) -> Row:
    with file.open(newline="") as lines:
        commits = [(_is_low(row), float(row["bug"]) > 0) for row in csv.DictReader(lines)]
    low = [buggy for is_low, buggy in commits if is_low]
    rest = [buggy for is_low, buggy in commits if not is_low]
    name = file.name.removesuffix("_k_feature.csv")
    share = len(low) / len(commits)
    note = f"bug rate of low, {share:.0%} of {len(commits):,} commits; reference: of the rest"
    return f"risk by size: {name}", _rate(low), _rate(rest), " %", note


def _is_low(row: dict[str, str]) -> bool:
    count, lines = int(float(row["nf"])), int(float(row["la"])) + int(float(row["ld"]))
    spread = [lines, *(0 for _ in range(count - 1))][:count]
    files = tuple(
        FileChange(path=f"src/{place}.py", added=added, deleted=0)
        for place, added in enumerate(spread)
    )
    diff = Diff(base="", head="", files=files)
    return classify(diff, RULES, None).risk_class is RiskClass.LOW


def _rate(buggy: list[bool]) -> float:
    return 100 * sum(buggy) / len(buggy)
