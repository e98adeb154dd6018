"""Generated SQL expressions for `make fuzz`: Google's evaluator and the emulator give the same values."""

from __future__ import annotations

import platform
import time
from random import Random

from tests.emulator import Emulator

_ROWS, _NESTED = 16, 120  # of a round, which also has one expression of each kind


def fuzz_sql(seconds: float, start: int) -> bool:
    """Run rounds of expressions until the time is over or one differs. Print the smallest part of each that does."""
    try:
        from tests.googlesql.client import Service
    except (ImportError, OSError, RuntimeError) as error:
        print(
            f"skipped  SQL expressions: GoogleSQL needs wasmtime, which has no build for {platform.platform()}: {error}"
        )
        return True
    from tests.googlesql.analyzer import Analyzer

    analyzer, compared, number = Analyzer(Service()), 0, start
    with Emulator(location="europe-west1") as emulator:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            amount, found = _round(analyzer, emulator, number)
            compared += amount
            if found:
                print("\n".join(sorted(found, key=len)))
                print(f"FAILED   SQL expressions: FUZZ_SEED={number}")
                return False
            number += 1
    print(f"ok       {'SQL expressions':<32} {compared:>7} expressions over {_ROWS} rows each")
    return True


def _round(analyzer: object, emulator: Emulator, number: int) -> tuple[int, list[str]]:
    """Return how many expressions were compared, and what differs."""
    from tests.googlesql.analyzer import Analyzer
    from tests.googlesql.compared import differences
    from tests.googlesql.engines import engines
    from tests.googlesql.generated import Generator
    from tests.googlesql.known_kinds import known_kinds

    assert isinstance(analyzer, Analyzer)
    random = Random(number)
    google, laptop = engines(analyzer, emulator, random, _ROWS)
    generator = Generator(known_kinds(), random)
    expressions = [*generator.one_of_each(), *generator.nested(_NESTED)]
    return len(expressions), [str(one) for one in differences(google, laptop, expressions)]
