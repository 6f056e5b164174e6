"""`python -m errorbudget` is the same as `errorbudget`."""

from errorbudget.cli.main import run

run()
