"""What a configuration means for the ways in: sizes, times, names."""

from datetime import timedelta

from errorbudget.ingest.journal import JournalLimits
from errorbudget.ingest.otlp.settings import Conventions, Limits, Settings
from errorbudget.ingest.posted import PostedLimits
from errorbudget.ingest.redaction import Redaction
from errorbudget.ingest.stream import Pace
from errorbudget.program.configuration import Configuration


def pace(configuration: Configuration) -> Pace:
    """How often what was acknowledged is loaded, and how much may wait."""
    receive = configuration.receive
    return Pace(
        every=configuration.watch.load.total_seconds(),
        limits=JournalLimits(unloaded=receive.unloaded, spare=receive.spare),
    )


def settings(configuration: Configuration, redaction: Redaction) -> Settings:
    """What OpenTelemetry may send, and where its columns are found."""
    usual, receive = Conventions(), configuration.receive
    return Settings(
        limits=Limits(
            body_bytes=receive.body,
            attributes=receive.attributes,
            ahead=receive.ahead,
            behind=_kept(configuration, receive.late),
        ),
        conventions=Conventions(
            tenant=(*receive.tenant, *usual.tenant),
            request_id=(*receive.request_id, *usual.request_id),
        ),
        redaction=redaction,
    )


def _kept(configuration: Configuration, late: timedelta) -> timedelta:
    """How late rows may be: what is older than requests are kept cannot be counted any more."""
    return min(late, configuration.retain.requests or late)


def posted(configuration: Configuration) -> PostedLimits:
    """What NDJSON may send."""
    receive = configuration.receive
    return PostedLimits(
        ahead=receive.ahead,
        behind=_kept(configuration, receive.oldest),
        attributes=receive.attributes,
        body_bytes=receive.body,
    )
