"""Counts a document's requests by its counters, and breaks them down by their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from errorbudget.burn.breakdown import Breakdown, Slices, Sums
from errorbudget.burn.correlation import Split
from errorbudget.ledger.tally import Counts, Tallies
from errorbudget.objective.indicator import Indicator, Union
from errorbudget.source import NotTold
from errorbudget.source.minutes import ranges_of
from errorbudget.source.prometheus.queries import Asked, Counter, Plan, plan
from errorbudget.source.prometheus.samples import Increases, Labels, by_minute, settled

if TYPE_CHECKING:
    from errorbudget.ledger.window import Span
    from errorbudget.objective.indicator import Counting
    from errorbudget.objective.promql import Counters
    from errorbudget.source.prometheus.api import Api
    from errorbudget.source.prometheus.fetching import Fetching

LABELS: Final[dict[str, tuple[str, ...]]] = {
    "service": ("service", "service_name", "job"),
    "route": ("route", "http_route", "handler", "path", "endpoint", "rpc_method"),
    "method": ("method", "http_request_method", "http_method", "verb"),
    "status": ("status", "code", "status_code", "http_response_status_code", "http_status_code"),
    "tenant": ("tenant", "tenant_id", "customer"),
    "version": ("version", "service_version"),
    "region": ("region", "cloud_region", "zone"),
    "environment": ("environment", "deployment_environment_name", "deployment_environment", "env"),
}
"""The labels that may say what a column does, in order of preference."""
_LEAST_SHARE: Final = 0.01


class Counted:
    """Counts by counters, on one server."""

    def __init__(self, api: Api, fetching: Fetching, labels: Mapping[str, str]) -> None:
        """`labels` name what says a column's value, before those that are known."""
        self._api = api
        self._fetching = fetching
        self._labels = labels

    def tally(self, indicators: Sequence[Counting], minutes: Counts) -> list[Tallies]:
        """Counts of each indicator at these minutes."""
        known: dict[str, Counts] = {}
        return [self._tallies(one, minutes, known) for one in indicators]

    def breakdown(
        self,
        indicator: Counting,
        columns: Sequence[str],
        burn: Sequence[Span],
        before: Sequence[Span],
    ) -> Breakdown:
        """The requests of a burn and of the time before it, by labels and by tenant."""
        names = list(dict.fromkeys([*columns, "tenant"]))
        sums: dict[tuple[str, ...], Counts] = {}
        for offset, spans in ((0, burn), (2, before)):
            for span in (span for span in spans if len(span)):
                for values, (valid, bad) in self._by_labels(indicator, names, span).items():
                    row = sums.setdefault(values, np.zeros(4, np.int64))
                    row[offset : offset + 2] += (valid.sum(), bad.sum())
        return _breakdown(columns, names, {k: row for k, row in sums.items() if row.any()})

    def split(self, indicator: Counting, span: Span) -> Split:
        """Counts by minute, version and route, as far as labels tell them."""
        rows = [
            (minute, *values, int(valid[place]), int(bad[place]))
            for values, (valid, bad) in self._by_labels(
                indicator, ["version", "route"], span
            ).items()
            for place, minute in enumerate(range(span.start, span.end))
            if valid[place]
        ]
        minute, version, route, valid, bad = zip(*rows, strict=True) if rows else ((),) * 5
        return Split(
            minute=np.asarray(minute, np.int64),
            version=np.asarray(version, object),
            route=np.asarray(route, object),
            valid=np.asarray(valid, np.int64),
            bad=np.asarray(bad, np.int64),
        )

    def _tallies(self, counted: Counting, minutes: Counts, known: dict[str, Counts]) -> Tallies:
        if isinstance(counted, Union):
            # How far the objectives' requests are the same is not told: at least as many failed.
            each = [self._tallies(one, minutes, known) for one in counted.indicators]
            valid = np.maximum.reduce([one.valid for one in each])
            bad = np.maximum.reduce([one.bad for one in each])
            return Tallies(minute=minutes, valid=valid, bad=bad)
        counters = of(counted)
        side = counters.bad or counters.good or ""
        self._count_together(counters.valid, side, minutes, known)
        valid, other = known[counters.valid], known[side]
        if counters.bad:
            # What is bad was requested, also where another counter shows it a minute later.
            return Tallies(minute=minutes, valid=np.maximum(valid, other), bad=other)
        return Tallies(minute=minutes, valid=valid, bad=settled(valid, other))

    def _count_together(
        self, valid: str, side: str, minutes: Counts, known: dict[str, Counts]
    ) -> None:
        """Count two queries: what one's series lack, those of the other may show."""
        plans = plan(valid), plan(side)
        counters = [one for planned in plans if isinstance(planned, tuple) for one in planned]
        for text, planned in zip((valid, side), plans, strict=True):
            if isinstance(planned, Asked):
                known[text] = self._asked(planned, minutes)
        if not counters:
            return
        told: list[list[Increases]] = [[] for _ in counters]
        for span in ranges_of(minutes):
            for place, piece in enumerate(self._fetching.told(counters, span)):
                told[place] += piece
        for text, planned in zip((valid, side), plans, strict=True):
            if isinstance(planned, tuple):
                own, told = told[: len(planned)], told[len(planned) :]
                known[text] = _total(planned, own, minutes)

    def _asked(self, asked: Asked, minutes: Counts) -> Counts:
        counts = np.zeros(len(minutes), np.float64)
        for first, last in ranges_of(minutes):
            found = self._api.steps(asked.query, (first + 1) * 60, (last + 1) * 60, 60)
            for seconds, values in found:
                place = np.searchsorted(minutes, seconds // 60 - 1)
                place[place == len(minutes)] = 0
                inside = minutes[place] == seconds // 60 - 1
                np.add.at(counts, place[inside], np.nan_to_num(values[inside]))
        return np.rint(counts.clip(0)).astype(np.int64)

    def _by_labels(
        self, indicator: Counting, names: Sequence[str], span: Span
    ) -> dict[tuple[str, ...], tuple[Counts, Counts]]:
        """Valid and bad requests of each minute of a span, by what labels say of these columns."""
        counters = of(indicator)
        side = counters.bad or counters.good or ""
        plans = _counters(counters.valid), _counters(side)
        told = self._fetching.told([*plans[0], *plans[1]], (span.start, span.end - 1))
        minutes = np.arange(span.start, span.end)
        both = list[dict[tuple[str, ...], Counts]]()
        for planned in plans:
            own, told = told[: len(planned)], told[len(planned) :]
            both.append(self._summed(planned, own, names, minutes))
        found: dict[tuple[str, ...], tuple[Counts, Counts]] = {}
        zeros = np.zeros(len(minutes), np.int64)
        for values in {**both[0], **both[1]}:
            valid, other = (one.get(values, zeros) for one in both)
            bad = other if counters.bad else settled(valid, other)
            found[values] = np.maximum(valid, bad), bad
        return found

    def _summed(
        self,
        planned: Sequence[Counter],
        told: Sequence[Sequence[Increases]],
        names: Sequence[str],
        minutes: Counts,
    ) -> dict[tuple[str, ...], Counts]:
        sums: dict[tuple[str, ...], Counts] = {}
        for counter, series in zip(planned, told, strict=True):
            for one in series:
                values = tuple(self._value(name, one.labels) for name in names)
                counts = counter.sign * by_minute([one], minutes)
                sums[values] = sums[values] + counts if values in sums else counts
        return sums

    def _value(self, name: str, labels: Labels) -> str:
        """What a series' labels say of a column; empty where they say nothing."""
        if name in self._labels:
            return labels.get(self._labels[name], "")
        if name.startswith("attributes."):
            own = name.removeprefix("attributes.")
            return labels.get(own) or labels.get(own.replace(".", "_"), "")
        return next((labels[one] for one in LABELS.get(name, ()) if labels.get(one)), "")


def of(counted: Counting) -> Counters:
    """The counters of an indicator. Raises NotTold where it has none."""
    if not isinstance(counted, Indicator) or counted.counters is None:
        raise NotTold(
            "Prometheus has counters and no requests: write `prometheus: {bad: …, valid: …}`"
            " in the place of `good` and `valid`."
        )
    return counted.counters


def _counters(text: str) -> Sequence[Counter]:
    planned: Plan = plan(text)
    if isinstance(planned, Asked):
        raise NotTold(f"Labels are told of counters only, and not of {text}.")
    return planned


def _total(planned: Sequence[Counter], told: Sequence[list[Increases]], minutes: Counts) -> Counts:
    counts = np.zeros(len(minutes), np.int64)
    for counter, series in zip(planned, told, strict=True):
        counts += counter.sign * by_minute(series, minutes)
    return counts.clip(0)


def _breakdown(
    columns: Sequence[str], names: Sequence[str], sums: Mapping[tuple[str, ...], Counts]
) -> Breakdown:
    table = np.array(list(sums.values()), np.int64).reshape(len(sums), 4)
    least = max(2, int(table[:, 1].sum() * _LEAST_SHARE))
    values = [_telling(sums, place, least) for place in range(len(columns))]
    numbers = [{value: code for code, value in enumerate(known, 1)} for known in values]
    coded: dict[tuple[int, ...], Counts] = {}
    for key, row in sums.items():
        codes = tuple(numbers[place].get(key[place], 0) for place in range(len(columns)))
        coded[codes] = coded[codes] + row if codes in coded else row
    tenants: dict[str, Counts] = {}
    for key, row in sums.items():
        name = key[names.index("tenant")]
        tenants[name] = tenants[name] + row if name in tenants else row
    return Breakdown(
        columns=tuple(columns),
        values=tuple(values),
        codes=np.array(list(coded), np.int64).reshape(len(coded), len(columns)),
        sums=_sums(list(coded.values())),
        tenants=Slices(values=list(tenants), sums=_sums(list(tenants.values()))),
    )


def _telling(sums: Mapping[tuple[str, ...], Counts], place: int, least: int) -> tuple[str, ...]:
    """The values that enough failures of the burn share, the most first."""
    bad: dict[str, int] = {}
    for key, row in sums.items():
        bad[key[place]] = bad.get(key[place], 0) + int(row[1])
    shared = [(count, value) for value, count in bad.items() if count >= least]
    return tuple(value for _, value in sorted(shared, key=lambda one: (-one[0], one[1])))


def _sums(rows: Sequence[Counts]) -> Sums:
    table = np.array(rows, np.int64).reshape(len(rows), 4)
    valid, bad, valid_before, bad_before = table.T
    return Sums(valid=valid, bad=bad, valid_before=valid_before, bad_before=bad_before)
