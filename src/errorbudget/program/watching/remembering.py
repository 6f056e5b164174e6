"""What must a watch find again when it is started again? Its state, to records and back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from errorbudget.burn.alert import Alert
from errorbudget.program.watching.hearing import Hearing, Listening

Key = tuple[str, str]
"""A document's name and an objective's."""

WATCH: Final[Key] = ("", "")
"""Of the watch itself."""

Learnt = tuple[int, float]
"""A dispersion, and the day it was learnt on."""


@dataclass(slots=True, kw_only=True)
class Memory:
    """All that a watch knows beside the books."""

    alerts: dict[Key, Alert] = field(default_factory=dict[Key, Alert])
    dispersions: dict[Key, Learnt] = field(default_factory=dict[Key, Learnt])
    hearings: dict[str, Hearing] = field(default_factory=dict[str, Hearing])
    listening: Listening | None = None

    @classmethod
    def of(cls, records: Mapping[Key, bytes]) -> "Memory":
        """What such records tell."""
        memory = cls()
        for key, body in records.items():
            record: dict[str, Any] = orjson.loads(body)
            if key == WATCH:
                memory.listening = Listening(**record["listening"])
                told: dict[str, Any] = record["hearings"]
                memory.hearings = {name: Hearing.from_dict(one) for name, one in told.items()}
                continue
            memory.alerts[key] = Alert.from_dict(record["alert"])
            if record["dispersion"]:
                day, found = record["dispersion"]
                memory.dispersions[key] = day, found
        return memory

    def record(self, key: Key) -> bytes:
        """One objective's record."""
        stands = self.alerts.get(key, Alert()).as_dict()
        return orjson.dumps({"alert": stands, "dispersion": self.dispersions.get(key)})

    def own_record(self) -> bytes:
        """The watch's own."""
        listening = self.listening or Listening(since=0, until=0)
        return orjson.dumps(
            {
                "listening": {"since": listening.since, "until": listening.until},
                "hearings": {name: one.as_dict() for name, one in self.hearings.items()},
            }
        )
