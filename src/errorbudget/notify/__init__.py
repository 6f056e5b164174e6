"""Alerts and decisions out: what a message says, and the channels that carry it to people."""
