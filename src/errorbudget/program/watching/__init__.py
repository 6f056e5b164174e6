"""Looks again and again, and tells when something burns."""
