"""How does an expression that may not be used say so?"""

from errorbudget.errors import Failure, Kind


class CriterionRefused(Failure):
    """A criterion says something it may not, or nothing an engine can judge; one line."""

    kind = Kind.DOCUMENT
