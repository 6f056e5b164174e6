"""Tallies brought up to date, and what every budget has left."""
