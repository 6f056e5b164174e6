"""Asks a server by Prometheus' HTTP API, and asks again where that helps."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx2
import numpy as np
import orjson

from errorbudget.ledger.tally import Counts
from errorbudget.source import NotTold, SourceFailed
from errorbudget.source.prometheus.samples import Floats, Series

TRIES: Final = 3
PAUSE: Final = 0.5
"""Seconds before the second try, and twice that before the next."""
_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_TOO_MUCH: Final = ("too many samples", "exceeded maximum", "exceeds the limit", "maxsamples")
_LONGEST_WORDS: Final = 300


class TooMuch(SourceFailed):
    """More than the server gives at once: ask for less."""


class Api:
    """A server; several threads may ask at once."""

    def __init__(self, address: str, *, headers: Mapping[str, str], seconds: float) -> None:
        """`address` is what comes before `/api/v1`; nothing is asked yet."""
        self._address = address.rstrip("/")
        self._seconds = seconds
        self._http = httpx2.Client(
            headers=dict(headers),
            timeout=httpx2.Timeout(seconds + 5, connect=5),
            follow_redirects=False,
        )

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def samples(self, selector: str, start: int, end: int, upper: float | None) -> list[Series]:
        """What was scraped of some series in (start, end], in seconds since 1970.

        Of native histograms the count of observations, those up to `upper` where it is given.
        Raises SourceFailed, TooMuch, NotTold.
        """
        found = self._ask("query", {"query": f"{selector}[{end - start}s]", "time": str(end)})
        return [
            one
            for told in _expected(found, "matrix")
            if len((one := _series(told, start, upper)).times)
        ]

    def values(self, query: str, at: int) -> list[tuple[dict[str, str], float, float]]:
        """What a query gives at a moment: labels, the moment, and the value."""
        found = self._ask("query", {"query": query, "time": str(at)})
        return [
            (told["metric"], *_number(told.get("value") or told["histogram"]))
            for told in _expected(found, "vector")
        ]

    def steps(self, query: str, start: int, end: int, step: int) -> list[tuple[Counts, Floats]]:
        """What a query gives from start to end, each `step` seconds; by series, seconds and values.

        More than 10,000 steps are asked for in parts: servers give 11,000 at most.
        """
        parts = list[tuple[Counts, Floats]]()
        for first in range(start, end + 1, 10_000 * step):
            last = min(first + 9_999 * step, end)
            given = {"query": query, "start": str(first), "end": str(last), "step": str(step)}
            for told in _expected(self._ask("query_range", given), "matrix"):
                values = told.get("values") or ()
                times = np.array([int(at) for at, _ in values], np.int64)
                parts.append((times, np.array([float(text) for _, text in values])))
        return parts

    def _ask(self, path: str, given: Mapping[str, str]) -> Any:
        # Half an answer of a Thanos is none; others do not know the word, and pass over it.
        data = dict(given) | {"timeout": f"{self._seconds:g}s", "partial_response": "false"}
        problem = ""
        for pause in (0.0, *(PAUSE * 2**n for n in range(TRIES - 1))):
            time.sleep(pause)
            try:
                answer = self._http.post(f"{self._address}/api/v1/{path}", data=data)
            except httpx2.TransportError as cause:
                problem = _words(str(cause) or type(cause).__name__)
                continue
            if answer.is_success:
                return _read(answer)
            problem = _problem(answer)
            if any(sign in problem.lower() for sign in _TOO_MUCH):
                raise TooMuch(f"Prometheus: {problem}")
            if answer.status_code not in _AGAIN:
                break
        raise SourceFailed(f"Prometheus: {problem}")


def _read(answer: httpx2.Response) -> Any:
    try:
        told = orjson.loads(answer.content)
        return told["data"] if told["status"] == "success" else told
    except (orjson.JSONDecodeError, KeyError, TypeError) as cause:
        raise SourceFailed("Prometheus: its answer is not of Prometheus' API") from cause


def _expected(found: Any, kind: str) -> Iterator[Any]:
    if not isinstance(found, dict) or found.get("resultType") != kind:
        raise SourceFailed(f"Prometheus: it did not answer with a {kind}")
    return iter(found["result"])


def _series(told: Any, start: int, upper: float | None) -> Series:
    if told.get("histograms"):
        pairs = [(float(at), _up_to(shape, upper)) for at, shape in told["histograms"]]
    else:
        pairs = [(float(at), float(text)) for at, text in told["values"]]
    # A server before version 3 includes the start of a range.
    kept = [(at, value) for at, value in pairs if at > start]
    return Series(
        labels=told["metric"],
        times=np.rint(np.array([at for at, _ in kept]) * 1000).astype(np.int64),
        values=np.array([value for _, value in kept], np.float64),
    )


def _number(pair: Any) -> tuple[float, float]:
    at, value = pair
    return float(at), float(value["count"] if isinstance(value, dict) else value)


def _up_to(shape: Any, upper: float | None) -> float:
    """The observations of a native histogram up to a bound of its buckets."""
    if upper is None:
        return float(shape["count"])
    total = 0.0
    for _, left, right, count in shape.get("buckets") or ():
        if float(right) <= upper * (1 + 1e-9):
            total += float(count)
        elif float(left) < upper * (1 - 1e-9) and float(count) > 0:
            raise NotTold(
                f"no bucket of the histogram ends at {upper:g}: those around end at"
                f" {float(left):.6g} and {float(right):.6g}; write one of them"
            )
    return total


def _problem(answer: httpx2.Response) -> str:
    try:
        said = str(orjson.loads(answer.content)["error"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        said = answer.text
    return _words(f"it answered {answer.status_code}: {said}")


def _words(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_WORDS else f"{line[:_LONGEST_WORDS]}…"
