"""`make fuzz`: give new inputs to every reader for FUZZ_SECONDS (60) in all, and print a line per reader.

Half of the time is for SQL expressions, on Google's evaluator and on the emulator.

FUZZ_SEED repeats a run.
"""

from __future__ import annotations

import os
import sys
import time
import traceback

from hypothesis import HealthCheck, given, seed, settings

from tests.fuzz import properties
from tests.fuzz.sql import fuzz_sql

_SHARE_OF_SQL = 0.5  # a round of expressions takes seconds, an input of a reader takes milliseconds
_INPUTS_PER_ROUND = 200  # the clock is read after each round
_MAX_FINDING_CHARACTERS = 5000


def main() -> int:
    seconds, start = float(os.environ.get("FUZZ_SECONDS", "60")), int(os.environ.get("FUZZ_SEED", f"{time.time():.0f}"))
    targets = properties.targets()
    print(f"{len(targets)} readers and SQL expressions, {seconds:.0f} s, FUZZ_SEED={start}")
    each = seconds * (1 - _SHARE_OF_SQL) / len(targets)
    failed = [name for name, target in targets.items() if not _fuzz(target, each, start)]
    return 0 if fuzz_sql(seconds * _SHARE_OF_SQL, start) and not failed else 1


def _fuzz(target: properties.Target, seconds: float, start: int) -> bool:
    """Run rounds of inputs until the time is over or an input fails. Print the smallest failing input."""
    many = settings(
        max_examples=_INPUTS_PER_ROUND, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    ends, number = time.monotonic() + seconds, start
    while time.monotonic() < ends:
        try:
            seed(number)(many(given(target.inputs)(target.check)))()
        except Exception as exc:  # noqa: BLE001 - any exception of a reader is a finding
            print("".join(traceback.format_exception(exc))[-_MAX_FINDING_CHARACTERS:])
            print(f"FAILED   {target.name}: FUZZ_SEED={number}")
            return False
        number += 1
    print(_line(target))
    return True


def _line(target: properties.Target) -> str:
    inputs = sum(target.outcomes.values())
    outcomes = ", ".join(f"{name} {number}" for name, number in target.outcomes.most_common(6))
    return (
        f"ok       {target.name:<32} {inputs:>7} inputs, slowest {target.slowest * 1000:.0f} ms,"
        f" peak {target.largest / 2**20:.1f} MiB: {outcomes}"
    )


if __name__ == "__main__":
    sys.exit(main())
