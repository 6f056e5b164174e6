"""Receives requests and log records: reads what files say, and sets aside what cannot be read."""

from errorbudget.ingest.corrections import correct
from errorbudget.ingest.intake import Intake
from errorbudget.ingest.report import Report
from errorbudget.ingest.run import ingest

__all__ = ["Intake", "Report", "correct", "ingest"]
