"""Objective documents: read, signed, put in force, and remembered."""
