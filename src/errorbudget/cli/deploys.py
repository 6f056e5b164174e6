"""Is a line of shell a deploy? By a list that the repository keeps; for those who mean well.

Whoever wants to can write a deploy so that no list knows it. That is the pipeline's to stop, which
asks the gate itself; this is for an assistant, or a person, about to deploy by hand.
"""

import shlex
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

FILE: Final = "errorbudget-deploys.yaml"

_ENDS: Final = frozenset(("&&", "||", ";", "|", "&", "(", ")", "\n", ";;", "|&"))
_BEFORE: Final = frozenset(
    ("sudo", "env", "time", "nohup", "exec", "command", "nice", "then", "do")
)
"""Words that stand before a command and change nothing of what it does."""
_SHELLS: Final = frozenset(("bash", "sh", "zsh", "dash", "ksh", "eval", "source", "."))
_DEEP: Final = 5
"""Lines within lines that are looked at."""


def _words(text: str) -> str:
    if not text.split():
        raise ValueError("is empty; write the words of a command, as in `kubectl apply`")
    return text


class Deploy(BaseModel):
    """What a deploy command looks like, and what the gate is asked about it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    command: Annotated[str, AfterValidator(_words)]
    """Words in their order, others may stand between; * stands for any characters of one."""
    service: str
    change: str = "HEAD"
    """A revision of git, or another name of the change."""
    diff: str | None = None
    """As BASE..HEAD; without it the change counts as high risk."""
    risk: str | None = None


class Deploys(BaseModel):
    """The list of a repository."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    deploys: Annotated[list[Deploy], Field(max_length=1000)] = []


def found(line: str, deploys: Sequence[Deploy]) -> list[Deploy]:
    """The deploys in a line of shell, each once; those that ask the gate by themselves are none."""
    commands = list(_commands(line))
    return [one for one in deploys if any(_is(one, command) for command in commands)]


def _is(deploy: Deploy, command: Sequence[str]) -> bool:
    first, *rest = deploy.command.split()
    if not command or not fnmatchcase(PurePath(command[0]).name, PurePath(first).name):
        return False
    words = iter(command[1:])
    return all(any(fnmatchcase(word, part) for word in words) for part in rest)


def _commands(line: str, depth: int = 0) -> Iterator[list[str]]:
    """The simple commands of a line, those inside of others too."""
    for command in _split(line):
        plain = _bare(command)
        if PurePath(plain[0]).name == "errorbudget" if plain else True:
            continue
        yield plain
        # `bash deploy.sh`, `bash -c "kubectl apply"`: what is run stands behind it.
        if PurePath(plain[0]).name in _SHELLS and depth < _DEEP:
            yield [word for word in plain[1:] if not word.startswith("-")]
            for word in plain[1:]:
                if " " in word:
                    yield from _commands(word, depth + 1)


def _split(line: str) -> Iterator[list[str]]:
    # What `$(…)` and backquotes run is run as well.
    text = line.replace("\\\n", " ").replace("$(", " ( ").replace("`", " ; ")
    lexer = shlex.shlex(text, posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    command = list[str]()
    try:
        for word in lexer:
            if word in _ENDS or set(word) <= set("();|&\n"):
                yield command
                command = []
            else:
                command.append(word)
    except ValueError:  # a quotation that does not end: every word may be one that is run
        command = text.split()
        yield from (command[place:] for place in range(len(command)))
        return
    yield command


def _bare(command: Sequence[str]) -> list[str]:
    """A command without what is set for it and what runs it."""
    words = list(command)
    while words and (_is_assignment(words[0]) or words[0] in _BEFORE or words[0].startswith("-")):
        words.pop(0)
    return words


def _is_assignment(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.isidentifier()
