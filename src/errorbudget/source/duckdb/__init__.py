"""The embedded source: requests, logs and corrections in one DuckDB file."""
