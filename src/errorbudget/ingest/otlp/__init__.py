"""Receives OpenTelemetry: spans become requests, log records logs; the sender is answered."""

from errorbudget.ingest.otlp.exchange import Answer, Door, Export, refused
from errorbudget.ingest.otlp.settings import Conventions, Limits, Settings

__all__ = ["Answer", "Conventions", "Door", "Export", "Limits", "Settings", "refused"]
