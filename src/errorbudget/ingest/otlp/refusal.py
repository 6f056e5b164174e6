"""Why a payload is refused as a whole, each with the HTTP status that OTLP gives it."""

from typing import ClassVar

from errorbudget.errors import Failure


class Refused(Failure):
    """A payload that is not taken; sending it again as it is does not help."""

    status: ClassVar[int] = 400


class Unreadable(Refused):
    """The body is not what its content type and encoding say."""


class TooLarge(Refused):
    """The body is larger than this server takes, as sent or unzipped."""

    status = 413


class TypeUnknown(Refused):
    """The content type or encoding is none that OTLP over HTTP has."""

    status = 415
