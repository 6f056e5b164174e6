"""How are numbers written in OpenMetrics, and how many calls were there?"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final, Literal

_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

Labels = Mapping[str, str]
Sample = tuple[Labels, float | int | None]


@dataclass(frozen=True, slots=True)
class Family:
    """Samples of one name; those that are None are not known, and left out."""

    name: str
    kind: Literal["gauge", "counter"]
    words: str
    samples: Iterable[Sample]

    def lines(self) -> Iterator[str]:
        """The family as text."""
        yield f"# TYPE {self.name} {self.kind}"
        yield f"# HELP {self.name} {self.words}"
        name = f"{self.name}_total" if self.kind == "counter" else self.name
        for labels, value in self.samples:
            if value is not None:
                yield f"{name}{_labels(labels)} {value}"


Note = Callable[[str, str, int, float], None]
"""Takes a call's method, route, status and seconds."""


class Calls:
    """How many calls there were, and how long they took, by endpoint and status."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._counts = dict[tuple[str, str, int], tuple[int, float]]()

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """One more."""
        key = method, route, status
        with self._turn:
            count, total = self._counts.get(key, (0, 0.0))
            self._counts[key] = count + 1, total + seconds

    def families(self) -> Iterator[Family]:
        """Their number and their duration."""
        with self._turn:
            noted = dict(self._counts)
        told = [
            ({"method": method, "route": route, "status": str(status)}, *values)
            for (method, route, status), values in sorted(noted.items())
        ]
        calls = [(labels, count) for labels, count, _ in told]
        yield Family("errorbudget_http_calls", "counter", "Calls answered.", calls)
        spent = [(labels, seconds) for labels, _, seconds in told]
        words = "Seconds spent on calls."
        yield Family("errorbudget_http_seconds", "counter", words, spent)


def _labels(labels: Labels) -> str:
    pairs = ",".join(f'{name}="{text.translate(_ESCAPES)}"' for name, text in labels.items())
    return f"{{{pairs}}}" if pairs else ""
