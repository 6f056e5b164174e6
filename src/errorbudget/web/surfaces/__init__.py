"""Thin doors for tools that deploy: each turns the one decision into what its tool understands."""
