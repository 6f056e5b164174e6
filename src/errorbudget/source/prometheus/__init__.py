"""Counters of what speaks Prometheus' HTTP API: Thanos, Mimir and VictoriaMetrics do as well."""
