"""Postmortems: drafted by themselves, kept current, finished by people."""
