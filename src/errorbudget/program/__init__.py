"""Wiring: what a person can do, one short method each, split by capability."""
