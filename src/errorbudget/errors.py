"""Which kinds of failure are there? Each door maps a kind to its own signal, an exit code say."""

from enum import StrEnum


class Kind(StrEnum):
    """What went wrong, as far as a caller must know to react."""

    USAGE = "usage"
    """The call is wrong: an unknown service, a missing option, a home that does not exist."""
    DOCUMENT = "document"
    """An objective document, a criterion or a `--map` expression cannot be used as written."""
    BUSY = "busy"
    """Something else holds the home; trying again later helps."""
    UNTRUSTED = "untrusted"
    """A signature, a trail or a record does not verify."""


class Failure(Exception):  # noqa: N818 -- a failure is what a person sees; "error" says less
    """A failure a person can act on: the place, the cause and the way out, in one line each."""

    kind: Kind = Kind.USAGE

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def unreadable(file: object, cause: OSError) -> Failure:
    """What to say of a file that a person named and that cannot be read."""
    if isinstance(cause, FileNotFoundError):
        return Failure(f"{file}: there is no such file; write the path of one that is there")
    if isinstance(cause, IsADirectoryError):
        return Failure(f"{file}: is a folder; name a file in it")
    return Failure(f"{file}: cannot be read: {cause.strerror}; look at who may read it")


class DocumentInvalid(Failure):
    """One line a problem: `file:line: field: what is wrong and what to write instead`."""

    kind = Kind.DOCUMENT


class HomeBusy(Failure):
    """Another process holds the home and did not let go in time."""

    kind = Kind.BUSY


class Unreachable(Failure):
    """No server answers where one was named."""

    kind = Kind.BUSY


class Untrusted(Failure):
    """Something signed or chained does not verify; the message names the first place."""

    kind = Kind.UNTRUSTED
