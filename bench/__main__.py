"""`python -m bench [NAME...]`: one line a benchmark, ours against its reference."""

import sys
from importlib import import_module

NAMES = (
    "tally",
    "clickhouse",
    "prometheus",
    "evaluate",
    "ingest",
    "gate",
    "trail",
    "alerts",
    "detection",
    "otlp",
    "risk",
    "propose",
    "localization",
    "context",
    "impact",
    "serving",
    "replicas",
)


def main() -> None:
    """Run the named benchmarks, or all that `make bench` runs."""
    for name in sys.argv[1:] or NAMES:
        told = import_module(f"bench.{name}").run()
        for row in told if isinstance(told, list) else [told]:
            what, ours, reference, unit, note = row
            ratio = ours / reference if reference else float("nan")
            print(
                f"{what}  ours={ours:.4g}{unit}  reference={reference:.4g}{unit}"
                f"  ratio={ratio:.3g}  ({note})",
                flush=True,
            )


main()
