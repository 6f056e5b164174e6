"""What a service's requests look like: what criteria are chosen from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

BINS: Final = 20
"""Bins of a duration's decade: each is 12 % longer than the one before."""

_HEALTH: Final = re.compile(
    r"/?(-/|_/|actuator/|api/|internal/)?"
    r"(health|healthy|healthz|health_?check|live|livez|liveness|ready|readyz|readiness|ping"
    r"|metrics|heartbeat|up|status/live|status/ready|__heartbeat__|nginx_status|server-status)/?",
    re.IGNORECASE,
)


def is_health_check(route: str) -> bool:
    """Whether a route is asked by machines that look after the service, not by those it serves."""
    return _HEALTH.fullmatch(route.partition("?")[0]) is not None


@dataclass(frozen=True, slots=True)
class Status:
    """How often one status was answered, bots aside."""

    status: int | None
    requests: int
    of_one_tenant: int | None
    """By the tenant that saw it most; None where requests name no tenant."""
    tenants: int
    hours: int
    """In which it was answered at all."""


@dataclass(frozen=True, slots=True)
class Durations:
    """Requests of one bin of durations."""

    route: str | None
    """None: any but the busiest."""
    bin: int
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Counts of all requests of one service, or of several as if they were one."""

    service: str
    """What the document is called."""
    services: tuple[str, ...] = ()
    requests: int
    with_status: int
    with_duration: int
    bots: int
    tenants: int
    first: int
    """Minutes since 1970."""
    last: int
    statuses: tuple[Status, ...]
    routes: Mapping[str, int]
    """The busiest, busiest first."""
    health_checks: tuple[str, ...]
    environments: Mapping[str, int]
    durations: tuple[Durations, ...]
    """Of requests that did not fail, health checks and bots aside."""
    attributes: Mapping[str, Mapping[str, int]]
    """Name, value and how often, of attributes with few values; of a sample."""

    @property
    def hours(self) -> int:
        """From the first request to the last."""
        return (self.last - self.first) // 60 + 1

    @property
    def probed(self) -> int:
        """Requests of health checks."""
        return sum(self.routes[route] for route in self.health_checks)

    def status(self, *codes: int) -> int:
        """Requests that were answered with one of these."""
        return sum(one.requests for one in self.statuses if one.status in codes)
