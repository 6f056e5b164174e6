"""Which requests count, and which of those are good, as far as their columns tell?

Every choice carries the sentence that explains it to the people who will sign it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from errorbudget.objective.proposal.latency import Limit, Limits, limits
from errorbudget.objective.proposal.profile import Profile, Status
from errorbudget.objective.proposal.wording import duration

MOST_EXCLUDED: Final = 0.2
"""More than this left out, and the objective is about a minority."""
_WELL_FILLED: Final = 0.9
_FAILED: Final = re.compile(
    r"fail|error|abort|crash|timeout|timed.?out|reject|exception|dead|refused|unavailable", re.I
)
_WORKED: Final = re.compile(r"succe|^ok$|complete|^done$|finish|^good$|^true$|passed", re.I)
_UNFINISHED: Final = re.compile(r"pend|process|queue|running|progress|wait|start|schedul", re.I)
_GRPC: Final = ("rpc.grpc.status_code", "grpc.status_code", "grpc_status", "grpc-status")
_GRPC_CALLERS: Final = {
    "1": "CANCELLED",
    "3": "INVALID_ARGUMENT",
    "5": "NOT_FOUND",
    "6": "ALREADY_EXISTS",
    "7": "PERMISSION_DENIED",
    "8": "RESOURCE_EXHAUSTED",
    "9": "FAILED_PRECONDITION",
    "10": "ABORTED",
    "11": "OUT_OF_RANGE",
    "12": "UNIMPLEMENTED",
    "16": "UNAUTHENTICATED",
}
"""https://grpc.io/docs/guides/status-codes/"""
_NOT_OUR_DOING: Final = (501, 505)
_FEW_HOURS: Final = 0.1
"""Load is shed in few of the hours."""
_LOUD_LOGS: Final = 5
"""So many times more bad requests by error logs than by everything else: the logs are noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An attribute that says how a request ended."""

    name: str
    worked: tuple[str, ...]
    others: Mapping[str, int]
    """How often each other value was sent; of a sample where there are very many."""
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """The same of every value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What to write under `scope`, `valid` and `good`, and why."""

    scope: str | None
    valid: str | None
    good: str
    why_scope: tuple[str, ...] = ()
    why_valid: tuple[str, ...] = ()
    why_good: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    """What to promise beside it, once this one runs well."""
    environment: str = ""
    limits: Limits = field(default_factory=lambda: Limits(common=None))
    outcome: Outcome | None = None

    @property
    def threshold(self) -> float | None:
        """The latency limit in the good criterion."""
        return self.limits.common.milliseconds if self.limits.common else None

    def with_error_logs(self, bad: int, bad_with: int, spoken_of: int) -> "Criteria":
        """Error logs as a sign of damage, where they do not drown everything else.

        `bad`: bad requests without them and with them, and valid ones that they speak of at all.
        """
        if bad_with == bad:
            why = (
                f"Error logs speak of {spoken_of:,} requests, all of them bad anyway: AND"
                " error_logs = 0 would change nothing yet."
                if spoken_of
                else "Error logs arrive, but none has the id of a request that counts, so they say"
                " nothing of this promise. Send both with the same trace id."
            )
            return replace(self, later=(*self.later, why))
        if bad_with > _LOUD_LOGS * max(bad, 1):
            why = (
                f"Error logs speak of {bad_with - bad:,} requests that answered well, over"
                f" {_LOUD_LOGS} times as many as failed: they are noise, and were left out."
                " Once they mean damage, write AND error_logs = 0."
            )
            return replace(self, warnings=(*self.warnings, why))
        why = (
            f"Error logs show {bad_with - bad:,} requests that answered well and still did damage."
        )
        good = f"{self.good} AND error_logs = 0"
        return replace(self, good=good, why_good=(*self.why_good, why))


def choose(profile: Profile) -> Criteria | None:
    """The criteria for a service; None where its requests do not say how they ended."""
    by_status = profile.with_status > 0
    outcome = None if by_status else _outcome(profile)
    found = limits(profile.durations) if _measures(profile) else Limits(common=None)
    if not by_status and outcome is None and found.common is None:
        return None
    scope, why_scope = _scope(profile)
    valid, why_valid = _valid(profile, found) if by_status else _valid_outcome(outcome)
    good, why_good = _good(profile, found, outcome)
    return Criteria(
        scope=scope or None,
        valid=valid or None,
        good=good,
        why_scope=why_scope,
        why_valid=why_valid,
        why_good=why_good,
        warnings=(*_warnings(profile), *_unfinished(outcome)),
        later=tuple(_later(profile, found)),
        environment=_environment(profile),
        limits=found,
        outcome=outcome,
    )


def _measures(profile: Profile) -> bool:
    return profile.with_duration >= _WELL_FILLED * profile.requests


def share(part: int, whole: int) -> str:
    """A share for a sentence, never 0 % of something that is there."""
    percent = 100 * part / max(whole, 1)
    if part and percent < 0.01:
        return "less than 0.01 %"
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"


def _scope(profile: Profile) -> tuple[str, tuple[str, ...]]:
    parts: list[str] = []
    why: list[str] = []
    if profile.health_checks:
        parts.append(_among("route", profile.health_checks, no=True))
        told = share(profile.probed, profile.requests)
        why.append(f"Machines that look after the service ask these routes: {told} of requests.")
    if profile.bots:
        parts.append("NOT is_bot")
        told = share(profile.bots, profile.requests)
        why.append(f"Crawlers and monitors are no customers: {told} of requests.")
    return " AND ".join(parts), tuple(why)


def _valid(profile: Profile, found: Limits) -> tuple[str, tuple[str, ...]]:
    """Requests that failed because of who sent them are nobody's failure."""
    seen = [one for one in profile.statuses if one.status and 400 <= one.status <= 499]
    total = sum(one.requests for one in profile.statuses)
    why: list[str] = []
    parts = ["status IS NULL OR status NOT BETWEEN 400 AND 499"]
    plain = [one for one in seen if one.status not in (408, 429, 499)]
    if plain:
        told = ", ".join(f"{one.status} ×{one.requests:,}" for one in plain[:4])
        part = share(sum(one.requests for one in plain), total)
        why.append(
            f"4xx answers are the client's doing ({told}; {part} of requests): neither good nor"
            " bad. A deploy that breaks links or logins shows here too; whether their share ever"
            " jumped is in the evidence."
        )
    else:
        why.append("4xx answers are the client's doing: neither good nor bad.")
    why += _slow_senders(profile)
    shed = _of(seen, 429)
    if shed and _is_shedding(shed, profile):
        parts.append("status = 429")
        why.append(
            f"429 ×{shed.requests:,} went to {shed.tenants:,} tenants alike, in {shed.hours:,}"
            " hours: that is the service shedding load, so it counts, as bad."
        )
    elif shed:
        whose = (
            f"one tenant had {share(shed.of_one_tenant, shed.requests)} of them"
            if shed.of_one_tenant
            else "no tenant is named, so nobody can tell whose"
        )
        why.append(
            f"429 ×{shed.requests:,} in {shed.hours:,} hours ({whose}) is taken as callers over"
            " their quotas, and left out."
        )
    if found.common and profile.with_duration:
        limit = _milliseconds(found.common.milliseconds)
        parts.append(f"(status = 499 AND duration_ms >= {limit})")
        given_up = profile.status(499)
        why.append(
            f"499 means that the caller left{f' (×{given_up:,})' if given_up else ''}: after"
            f" {duration(found.common.milliseconds)} because we were too slow, before that for"
            " reasons of its own."
        )
    elif profile.status(499):
        why.append(
            f"499 ×{profile.status(499):,}: the caller left; without a latency limit nobody can"
            " tell whether because of us, so it is left out."
        )
    if profile.status(*_NOT_OUR_DOING):
        parts = [f"({' OR '.join(parts)}) AND coalesce(status NOT IN (501, 505), true)"]
        why.append("501 and 505 say that the request cannot be served by design: left out.")
    return " OR ".join(parts), tuple(why)


def _slow_senders(profile: Profile) -> Iterator[str]:
    if count := profile.status(408):
        yield f"408 ×{count:,}: the client was too slow to send its request; left out."


def _valid_outcome(outcome: Outcome | None) -> tuple[str, tuple[str, ...]]:
    """Codes of gRPC that are the caller's doing."""
    if outcome is None or outcome.name not in _GRPC:
        return "", ()
    name = f"attributes[{_quoted(outcome.name)}]"
    seen = {code: count for code, count in outcome.others.items() if code in _GRPC_CALLERS}
    told = ", ".join(f"{code} {_GRPC_CALLERS[code]} ×{count:,}" for code, count in seen.items())
    return f"coalesce({_among(name, tuple(_GRPC_CALLERS), no=True)}, true)", (
        "Codes of gRPC that are the caller's doing, and what a quota turned away, are neither good"
        f" nor bad{f' ({told})' if told else ''}.",
    )


def _of(seen: list[Status], code: int) -> Status | None:
    return next((one for one in seen if one.status == code), None)


def _is_shedding(one: Status, profile: Profile) -> bool:
    """Whether many tenants were turned away at a time: a quota meets few, or somebody each day."""
    at_once = one.hours <= _FEW_HOURS * profile.hours
    many = one.tenants >= 5 and (one.of_one_tenant or one.requests) < one.requests / 4
    return at_once and many


def _good(profile: Profile, found: Limits, outcome: Outcome | None) -> tuple[str, tuple[str, ...]]:
    parts: list[str] = []
    why: list[str] = []
    if profile.with_status:
        shed = _of([one for one in profile.statuses if one.status], 429)
        turned_away = bool(shed and _is_shedding(shed, profile))
        parts.append("status < 500 AND status <> 429" if turned_away else "status < 500")
        failed = [one for one in profile.statuses if one.status and one.status >= 500]
        told = ", ".join(f"{one.status} ×{one.requests:,}" for one in failed[:5])
        why.append(f"5xx answers are ours{f' ({told})' if told else '; none were seen yet'}.")
        if missing := profile.requests - profile.with_status:
            why.append(f"No status ×{missing:,}: the request never got its answer, so it is bad.")
    elif outcome:
        parts.append(_among(f"attributes[{_quoted(outcome.name)}]", outcome.worked))
        told = ", ".join(f"{value} ×{count:,}" for value, count in outcome.others.items())
        why.append(
            f"`{outcome.name}` says how a request ended; all but {' and '.join(outcome.worked)}"
            f" is bad{f' ({told})' if told else ''}, and so is none at all."
        )
    if found.common:
        parts.append(_fast_enough(found))
        why += _why_limit(found.common, "")
        if found.slow_routes:
            routes = _listed(found.slow_routes)
            if found.own:
                why += _why_limit(found.own, f" for {routes}, which are slower by nature")
            else:
                why.append(f"{routes} are slower by nature, and have no limit yet.")
    return " AND ".join(parts), tuple(why)


def _fast_enough(found: Limits) -> str:
    if found.common is None:
        return "true"
    common = f"duration_ms <= {_milliseconds(found.common.milliseconds)}"
    if not found.slow_routes:
        return common
    own = _among("route", found.slow_routes)
    if found.own:
        own = f"({own} AND duration_ms <= {_milliseconds(found.own.milliseconds)})"
    return f"({common} OR {own})"


def _why_limit(limit: Limit, whose: str) -> list[str]:
    where = "in a gap of the distribution" if limit.gap else "where the distribution is flat"
    return [
        f"Over {duration(limit.milliseconds)}{whose} nobody waits for the answer:"
        f" {limit.slow:.2%} take longer. The limit lies {where}: 20 % lower it would be"
        f" {limit.faster:.2%}, 20 % higher {limit.slower:.2%}."
    ]


def _outcome(profile: Profile) -> Outcome | None:
    """The attribute whose few values sound like endings, some of them bad."""
    for name, values in profile.attributes.items():
        if name in _GRPC and values.keys() & {"0", "OK"}:
            others = {value: n for value, n in values.items() if value not in ("0", "OK")}
            return Outcome(name=name, worked=("0", "OK"), others=others, counts=values)
        if not all(text.isprintable() for text in (name, *values)):
            continue
        worked = tuple(value for value in values if _WORKED.search(value))
        failed = [value for value in values if _FAILED.search(value)]
        sampled = sum(values.values())
        if worked and failed and sum(values[one] for one in worked) > sampled / 2:
            others = {value: n for value, n in values.items() if value not in worked}
            return Outcome(name=name, worked=worked, others=others, counts=values)
    return None


def _environment(profile: Profile) -> str:
    """The environment to promise for, where requests name several."""
    if len(profile.environments) < 2:
        return ""
    production = (one for one in profile.environments if one.lower() in ("production", "prod"))
    return next(production, next(iter(profile.environments)))


def _warnings(profile: Profile) -> Iterator[str]:
    missing = profile.requests - profile.with_status
    if profile.with_status and missing > MOST_EXCLUDED * profile.requests:
        yield (
            f"{share(missing, profile.requests)} of requests have no status and count as bad;"
            " if they are fine, the sender must say so."
        )


def _unfinished(outcome: Outcome | None) -> Iterator[str]:
    some = {} if outcome is None else outcome.others
    found = {value: count for value, count in some.items() if _UNFINISHED.search(value)}
    if found:
        told = " and ".join(f"{value} ×{count:,}" for value, count in found.items())
        yield (
            f"{told} sound unfinished, and count as bad: whoever asked never got an answer. If they"
            " were only read too early, take them in again when they have ended."
        )


def _later(profile: Profile, found: Limits) -> Iterator[str]:
    if _measures(profile) and found.median:
        fast = f"half of the requests take up to {duration(found.median)}"
        slow = f"99 % up to {duration(found.p99)}"
        yield f"Latency: {fast}, {slow}. A second objective can promise the pace people feel."
        if found.common is None:
            yield (
                "No latency limit is part of good: the slow end falls off evenly, so any limit"
                " would be a matter of taste. Choose one, and it becomes `AND duration_ms <= …`."
            )
    elif profile.with_status:
        yield "Latency: the requests do not say how long they took. Send `duration_ms`."
    if profile.tenants > 1:
        yield "By tenant: who is worse off than the average says is in the evidence."


def _among(column: str, values: tuple[str, ...], *, no: bool = False) -> str:
    if len(values) == 1:
        return f"{column} {'<>' if no else '='} {_quoted(values[0])}"
    listed = ", ".join(_quoted(value) for value in values)
    return f"{column} {'NOT IN' if no else 'IN'} ({listed})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words[:4]) + (f" and {len(words) - 4} more" if words[4:] else "")


def _milliseconds(value: float) -> str:
    return f"{value:.0f}" if value >= 1 else f"{value:g}"
