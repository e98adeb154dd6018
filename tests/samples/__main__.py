"""Generate months of exports into a folder that represents the provider's bucket, and print their totals.

python -m tests.samples aws 2025-09 2025-10 --rows 1000000 --into /tmp/exports
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery, place


def main() -> None:
    options = _options()
    for month in options.months:
        with tempfile.TemporaryDirectory() as folder:
            started = time.monotonic()
            delivery = _generate(options, Path(folder), month)
            seconds = time.monotonic() - started
            if options.into:
                place(delivery, options.into)
        sys.stdout.write(_summary(delivery, seconds))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.samples", description=__doc__)
    parser.add_argument("provider", choices=["aws", "azure"])
    parser.add_argument("months", nargs="+", metavar="yyyy-mm")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--revision", type=int, default=1, help="from 2 on, the delivery restates the month")
    parser.add_argument("--mode", choices=["create_new", "overwrite"], default="create_new")
    parser.add_argument("--into", type=Path, help="the folder to fill; without it, only measure")
    return parser.parse_args()


def _generate(options: argparse.Namespace, folder: Path, month: str) -> Delivery:
    generate = aws_cur_delivery if options.provider == "aws" else azure_focus_delivery
    return generate(
        folder,
        month,
        rows=options.rows,
        files=options.files,
        seed=options.seed,
        revision=options.revision,
        mode=options.mode,
    )


def _summary(delivery: Delivery, seconds: float) -> str:
    totals = delivery.totals
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return (
        f"{delivery.provider} {delivery.month} {delivery.execution}: "
        f"{totals.rows} rows, {len(delivery.columns)} columns, cost {totals.cost}, "
        f"{seconds:.1f} s, {totals.rows / seconds:,.0f} rows/s, at most {memory} MB\n"
    )


if __name__ == "__main__":
    main()
