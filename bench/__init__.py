"""Benchmarks that print ratios: ours against a reference, side by side in one process."""
