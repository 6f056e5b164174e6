"""What kinds of change ask to ship, from the safest to the most dangerous."""

from enum import StrEnum
from typing import Final


class RiskClass(StrEnum):
    """What kind of change asks to ship."""

    ROLLBACK = "rollback"
    """Back to what ran healthily before."""
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"
    """Ends an incident, or closes a hole."""


RISING: Final = (RiskClass.LOW, RiskClass.NORMAL, RiskClass.HIGH)
"""The classes that files give, from the least to the most dangerous."""
