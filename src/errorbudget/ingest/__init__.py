"""Receives requests and log records: reads what files say, and sets aside what cannot be read."""
