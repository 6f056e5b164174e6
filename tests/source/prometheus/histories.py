"""Counters to which something happened, each under a name of its own, and what is to be counted."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from source.prometheus.exposing import Key, key

Stood = Sequence[float | None]
"""Where a counter stood at scrapes 15 seconds apart; None: it was not in that scrape."""

PLAIN: Mapping[str, tuple[dict[str, Stood], list[int]]] = {
    # name: its series by label, and requests of each minute from the first scrape's on
    "grows": ({"a": [10, 12, 12, 15, 20, 20, 21, 21]}, [5, 6]),
    "restarts": ({"a": [10, 12, 3, 4, 4, 5, 5, 5]}, [6, 1]),
    "restarts_beyond": (
        {"a": [7, None, None, 9, 9, 9, 9, 9], "b": [5, 6, 0, 1, 1, 1, 1, 1]},
        [11, 0],
    ),
    "misses_a_scrape": ({"a": [7, None, 9, 9, 9, 9, 9, 9], "b": [5, None, 6, 6, 6, 6, 6, 6]}, [3]),
    "comes_later": ({"a": [100] + [101] * 7, "b": [None, None, 3, 3, 4, 4, 4, 4]}, [4, 1]),
    "was_there_before_anybody_looked": ({"a": [None, 500, 501, 502, 502, 502, 502, 502]}, [2]),
}


def histories(start: datetime) -> dict[Key, list[tuple[int, float]]]:
    """The same as samples; each starts a second after a whole minute."""
    first = int(start.timestamp()) + 1
    found: dict[Key, list[tuple[int, float]]] = {}
    for name, (series, _) in PLAIN.items():
        for label, stood in series.items():
            labels = {"job": name, "instance": "one", "which": label}
            found[key(f"{name}_total", labels)] = [
                ((first + 15 * place) * 1000, value)
                for place, value in enumerate(stood)
                if value is not None
            ]
    # Away for 40 minutes, while nobody scraped it: what it counted is told when it is back.
    away = key("was_away_total", {"job": "was_away", "instance": "one"})
    found[away] = [((first + 60 * minute) * 1000, minute) for minute in (0, 1, 2, 43, 44, 45)]
    return found
