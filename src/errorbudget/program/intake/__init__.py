"""Requests, logs and corrections, on their way into the warehouse."""
