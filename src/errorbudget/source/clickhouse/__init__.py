"""Requests and logs where a ClickHouse keeps them: the Collector's own tables, or any other."""
