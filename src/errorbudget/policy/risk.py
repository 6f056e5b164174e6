"""How risky is a change, judged by the files it alters and not by what its author calls it?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from errorbudget.change import Diff, FileChange
from errorbudget.errors import DocumentInvalid
from errorbudget.objective.document import RISING, Risk, RiskClass
from errorbudget.policy import schema

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FILES_NAMED: Final = 20
"""A finding names at most so many files: a change of ten thousand must not fill the audit trail."""


LOCKFILES: Final = frozenset(
    (
        "bun.lock",
        "bun.lockb",
        "Cargo.lock",
        "composer.lock",
        "conda-lock.yml",
        "flake.lock",
        "Gemfile.lock",
        "go.sum",
        "gradle.lockfile",
        "mix.lock",
        "npm-shrinkwrap.json",
        "package-lock.json",
        "packages.lock.json",
        "pdm.lock",
        "Pipfile.lock",
        "pixi.lock",
        "pnpm-lock.yaml",
        "Podfile.lock",
        "poetry.lock",
        "pubspec.lock",
        "pylock.toml",
        "Package.resolved",
        "uv.lock",
        "yarn.lock",
    )
)
"""Files that pin what others wrote: a line of them can bring in any amount of new code."""
SUBMODULE: Final = "160000"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFinding:
    """The class of a change and what gave it: rules by id, and files."""

    risk_class: RiskClass
    declared: bool = False
    """Whether the class is somebody's word, rather than what the rules make of the files."""
    rules: tuple[str, ...] = ()
    """Those of the document, and our own: schema-change, lockfile, mode, submodule."""
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


@dataclass(frozen=True, slots=True)
class _Mark:
    """What one rule makes of a file, and in words why, where the path alone does not say."""

    rule: str
    risk_class: RiskClass
    words: str = ""


def classify(
    diff: Diff | None,
    rules: Risk | None,
    declared: RiskClass | None,
    *,
    proven: Mapping[RiskClass, str] | None = None,
) -> RiskFinding:
    """The class of a change: the highest that its files give, raised by a label but never lowered.

    A renamed file is to be listed under both its names. `proven` are the classes outside the order
    (rollback, critical) that the caller has seen evidence for, and what it is; as a bare word they
    change nothing.
    Raises DocumentInvalid for a pattern that gitignore does not know.
    """
    if rules is None:
        return _taken_on_word(declared)
    found = _from_files(diff, rules)
    if declared is None:
        return found
    if proven and declared in proven:
        return RiskFinding(
            risk_class=declared, declared=True, because=proven[declared], files=found.files
        )
    if declared not in RISING:
        without = f"{found.because}; {declared} is declared, but nothing shows it"
        return replace(found, because=without)
    return raised(found, declared)


def raised(found: RiskFinding, declared: RiskClass | None) -> RiskFinding:
    """The same, or the class that somebody declared where that is more dangerous."""
    if declared is None or declared not in RISING:
        return found
    if RISING.index(declared) <= RISING.index(found.risk_class):
        return found
    return RiskFinding(risk_class=declared, declared=True, because="declared")


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
        return _unclassified("no diff was told; --diff BASE..HEAD tells it")
    if diff.unsure:
        return _unclassified(_readable(diff.unsure))
    if not diff.files:
        return _unclassified("nothing differs between what is deployed and this change")
    odd = [file.path for file in diff.files if not _is_plain(file.path)]
    if odd:
        return _unclassified(
            f"{_readable(odd[0])} is not a path in a repository", *odd[:FILES_NAMED]
        )
    specs = {rule.id: _spec(rule.id, rule.paths) for rule in rules.rules}
    marks = [_marks(file, rules, specs) for file in diff.files]
    unmatched = RiskClass.LOW if _is_small(diff.files, rules) else RiskClass.NORMAL
    classes = [
        max((one.risk_class for one in found), key=RISING.index, default=unmatched)
        for found in marks
    ]
    highest = max(classes, key=RISING.index)
    of_it = [n for n, one in enumerate(classes) if one is highest]
    gave = [[mark for mark in marks[n] if mark.risk_class is highest] for n in of_it]
    files = [diff.files[n].path for n in of_it]
    word = "" if diff.deployed else _on_word(diff)
    return RiskFinding(
        risk_class=highest,
        rules=tuple(dict.fromkeys(mark.rule for found in gave for mark in found)),
        files=tuple(files[:FILES_NAMED]),
        because=_listed(files, next((mark.words for mark in gave[0] if mark.words), "")) + word,
    )


def _on_word(diff: Diff) -> str:
    """Said where the base is the caller's word; a list of files alone has none."""
    return f"; against {_readable(diff.base[:12])} on the caller's word" if diff.base else ""


def _marks(file: FileChange, rules: Risk, specs: dict[str, "GitIgnoreSpec"]) -> list[_Mark]:
    """What the document's rules say of a file; and our own, where they explain or say more."""
    given = list(_from_rules(file, rules, specs))
    enough = max((RISING.index(mark.risk_class) for mark in given), default=-1)
    own = _from_facts(file)
    return given + [one for one in own if one.words or RISING.index(one.risk_class) > enough]


def _from_rules(
    file: FileChange, rules: Risk, specs: dict[str, "GitIgnoreSpec"]
) -> Iterator[_Mark]:
    """What the document's rules say of a file."""
    # A pattern's wildcards stop at a line feed, and a file must not escape its rule by having one.
    path = file.path.replace("\n", "\ufffd")
    for rule in rules.rules:
        if specs[rule.id].match_file(path) and not (rule.unless and _only_adds(file)):
            yield _Mark(rule.id, rule.risk_class)


def _from_facts(file: FileChange) -> Iterator[_Mark]:
    """What every change must be worth, whatever the document forgot."""
    if file.path.rpartition("/")[2] in LOCKFILES:
        yield _Mark("lockfile", RiskClass.NORMAL)
    if SUBMODULE in (file.mode_before, file.mode_after):
        yield _Mark("submodule", RiskClass.HIGH, "another repository, which nobody looked into")
    elif _alters_mode(file):
        yield _Mark("mode", RiskClass.NORMAL)
    if _is_sql(file):
        found = schema.read(file.before, file.after)
        told = file.before is not None or file.after is not None
        if found.effect is not schema.Effect.NONE:
            breaks = found.effect is schema.Effect.BREAKING
            least = RiskClass.HIGH if breaks else RiskClass.NORMAL
            yield _Mark("schema-change", least, _readable(found.words) if told else "")


def _is_sql(file: FileChange) -> bool:
    return file.path.lower().endswith(".sql")


def _only_adds(file: FileChange) -> bool:
    return _is_sql(file) and (
        schema.read(file.before, file.after).effect is not schema.Effect.BREAKING
    )


def _alters_mode(file: FileChange) -> bool:
    """A file that becomes a program or a link, or stops being one; or comes as either."""
    plain = ("", "100644")
    before, after = file.mode_before, file.mode_after
    return before != after and not (before in plain and after in plain) and after != ""


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


def _listed(files: list[str], words: str) -> str:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{_readable(files[0])}{': ' if words else ''}{words}{more}"


def _readable(path: str) -> str:
    """A path as it may be printed: no control characters, not longer than a line."""
    printable = "".join(letter if letter.isprintable() else "\ufffd" for letter in path)
    return printable if len(printable) <= 80 else f"…{printable[-79:]}"
