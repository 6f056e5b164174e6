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
    (
        *("!", "{", "if", "elif", "else", "then", "while", "until", "do"),
        *("command", "doas", "env", "exec", "ionice", "nice", "nohup", "setsid", "stdbuf", "sudo"),
        *("time", "timeout", "xargs"),
    )
)
"""Words that stand before a command and change nothing of what it does."""
_SHELLS: Final = frozenset(("bash", "sh", "zsh", "dash", "ksh", "eval", "source", "."))
_SUBSTITUTED: Final = (" ( ", " ; ")
"""What `$(` and a backquote are read as, also within a quotation."""
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
    return [
        one
        for one in deploys
        if any(_is(one, words) and asked != one.service for asked, words in commands)
    ]


def _is(deploy: Deploy, command: Sequence[str]) -> bool:
    first, *rest = deploy.command.split()
    if not command or not fnmatchcase(PurePath(command[0]).name, PurePath(first).name):
        return False
    words = iter(command[1:])
    return all(any(fnmatchcase(word, part) for word in words) for part in rest)


def _commands(line: str, depth: int = 0) -> Iterator[tuple[str, list[str]]]:
    """The simple commands of a line, those inside of others too, and for whom each asks itself."""
    for command in _split(line):
        is_shell = False
        for words in _bare(command):
            if PurePath(words[0]).name == "errorbudget":
                yield from _run(words)
                break
            yield "", words
            # `bash deploy.sh`: what is run stands behind it.
            if PurePath(words[0]).name in _SHELLS:
                is_shell = True
                yield "", [word for word in words[1:] if not word.startswith("-")]
        # `bash -c "kubectl apply"`, `OUT="$(kubectl apply)"`: a line in a word.
        for word in command if depth < _DEEP else ():
            if (is_shell and " " in word) or any(mark in word for mark in _SUBSTITUTED):
                yield from _commands(word, depth + 1)


def _run(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """What `errorbudget gate run SERVICE -- COMMAND` runs, once the gate permits it to SERVICE."""
    if list(words[1:3]) == ["gate", "run"] and "--" in words:
        end = words.index("--")
        service = next((word for word in words[3:end] if not word.startswith("-")), "")
        yield service, list(words[end + 1 :])


def _split(line: str) -> Iterator[list[str]]:
    # What `$(…)` and backquotes run is run as well.
    substitution, backquote = _SUBSTITUTED
    text = line.replace("\\\n", " ").replace("$(", substitution).replace("`", backquote)
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


def _bare(command: Sequence[str]) -> Iterator[list[str]]:
    """A command without what is set for it; behind what runs another, any word may begin one."""
    words = list(command)
    runs_another = False
    while words and (_is_assignment(words[0]) or words[0].startswith("-") or _runs(words[0])):
        runs_another |= _runs(words[0])
        words.pop(0)
    yield from ([words] if words else [])
    if runs_another:
        yield from (words[place:] for place in range(1, len(words)))


def _runs(word: str) -> bool:
    return PurePath(word).name in _BEFORE


def _is_assignment(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.isidentifier()
