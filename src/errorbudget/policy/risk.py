"""How risky is a change, judged by the files it alters and not by what its author calls it?"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from errorbudget.change import Diff, FileChange
from errorbudget.errors import DocumentInvalid
from errorbudget.objective.document import RISING, Risk, RiskClass

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FILES_NAMED: Final = 20
"""A finding names at most so many files: a change of ten thousand must not fill the audit trail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFinding:
    """The class of a change and what gave it: rules by id, and files."""

    risk_class: RiskClass
    declared: bool = False
    """Whether the class is somebody's word, rather than what the rules make of the files."""
    rules: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """The first files of that class."""
    because: str
    """In a few words that fit into brackets."""
    classified: bool = True
    """Whether anything told the class; what nobody can tell counts as high."""

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON has it; bytes of a path that are no text are spelt out."""
        return {
            "class": self.risk_class.value if self.classified else "unclassified",
            "counts_as": self.risk_class.value,
            "declared": self.declared,
            "rules": list(self.rules),
            "files": [path.encode(errors="backslashreplace").decode() for path in self.files],
            "because": self.because,
        }


def classify(
    diff: Diff | None,
    rules: Risk | None,
    declared: RiskClass | None,
    *,
    proven: frozenset[RiskClass] = frozenset(),
) -> RiskFinding:
    """The class of a change: the highest that its files give, raised by a label but never lowered.

    A renamed file is to be listed under both its names. `proven` are the classes outside the order
    (rollback, critical) that the caller has seen evidence for; as a bare word they change nothing.
    Raises DocumentInvalid for a pattern that gitignore does not know.
    """
    if rules is None:
        return _taken_on_word(declared)
    found = _from_files(diff, rules)
    if declared is None:
        return found
    if declared in proven:
        return RiskFinding(risk_class=declared, declared=True, because=f"{declared}, with evidence")
    if declared in RISING and RISING.index(declared) > RISING.index(found.risk_class):
        return RiskFinding(risk_class=declared, declared=True, because="declared")
    if declared not in RISING:
        without = f"{found.because}; {declared} is declared, but nothing shows it"
        return replace(found, because=without)
    return found


def _taken_on_word(declared: RiskClass | None) -> RiskFinding:
    if declared is None:
        return _unclassified("no risk rules, and no class declared with --risk")
    return RiskFinding(risk_class=declared, declared=True, because="declared")


def _unclassified(why: str, *files: str) -> RiskFinding:
    return RiskFinding(
        risk_class=RiskClass.HIGH, files=files, because=f"unclassified: {why}", classified=False
    )


def _from_files(diff: Diff | None, rules: Risk) -> RiskFinding:
    if diff is None:
        return _unclassified("no diff")
    if not diff.files:
        return _unclassified("the diff is empty")
    odd = [file.path for file in diff.files if not _is_plain(file.path)]
    if odd:
        return _unclassified(
            f"{_readable(odd[0])} is not a path in a repository", *odd[:FILES_NAMED]
        )
    specs = {rule.id: _spec(rule.id, rule.paths) for rule in rules.rules}
    matches = [_matches(file.path, rules, specs) for file in diff.files]
    unmatched = RiskClass.LOW if _is_small(diff.files, rules) else RiskClass.NORMAL
    classes = [max(found.values(), key=RISING.index, default=unmatched) for found in matches]
    highest = max(classes, key=RISING.index)
    of_it = [n for n, one in enumerate(classes) if one is highest]
    named = {id_ for n in of_it for id_, one in matches[n].items() if one is highest}
    files = [diff.files[n].path for n in of_it]
    return RiskFinding(
        risk_class=highest,
        rules=tuple(rule.id for rule in rules.rules if rule.id in named),
        files=tuple(files[:FILES_NAMED]),
        because=_listed(files),
    )


def _matches(path: str, rules: Risk, specs: dict[str, "GitIgnoreSpec"]) -> dict[str, RiskClass]:
    """The rules that speak of a path, by id."""
    # A pattern's wildcards stop at a line feed, and a file must not escape its rule by having one.
    path = path.replace("\n", "\ufffd")
    return {rule.id: rule.risk_class for rule in rules.rules if specs[rule.id].match_file(path)}


def _spec(rule: str, patterns: Iterable[str]) -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as cause:
        raise DocumentInvalid(
            f"risk.rules.{rule}.paths: {cause}; write a gitignore pattern"
        ) from cause


def _is_plain(path: str) -> bool:
    """Whether git could have a file of this path: relative, and not climbing out."""
    return not {"", ".", ".."} & set(path.split("/"))


def _is_small(files: tuple[FileChange, ...], rules: Risk) -> bool:
    """Whether the whole change stays within the bounds of `low`; a binary file never does."""
    if rules.low is None or len(files) > rules.low.max_files:
        return False
    lines = [(file.added, file.deleted) for file in files]
    if any(added is None or deleted is None for added, deleted in lines):
        return False
    return sum((added or 0) + (deleted or 0) for added, deleted in lines) <= rules.low.max_lines


def _listed(files: list[str]) -> str:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{_readable(files[0])}{more}"


def _readable(path: str) -> str:
    """A path as it may be printed: no control characters, not longer than a line."""
    printable = "".join(letter if letter.isprintable() else "\ufffd" for letter in path)
    return printable if len(printable) <= 80 else f"…{printable[-79:]}"
