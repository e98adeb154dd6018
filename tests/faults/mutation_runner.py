"""Run the named test of each mutation twice: it must pass with the check, and fail without it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.emulator import Backoff, Emulator
from tests.faults.mutations import Mutation
from tests.faults.process import environment_of
from tests.support.paths import FUNCTIONS, ROOT

_FAILED = re.compile(r"^(\d+) failed", re.MULTILINE)


@dataclass(frozen=True)
class Proof:
    mutation: Mutation
    passes_with: bool
    fails_without: bool
    output: str = ""

    @property
    def holds(self) -> bool:
        return self.passes_with and self.fails_without

    @property
    def result(self) -> str:
        return "ok" if self.holds else "FAILS EVEN WITH THE CHECK" if not self.passes_with else "NOT CAUGHT"


def prove(mutations: Iterable[Mutation], emulator: Emulator | None = None, side_by_side: int = 2) -> list[Proof]:
    """Run all mutations, in the given emulator. Unit tests need none."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},  # they change the summary
        "PYTHONPATH": f"{ROOT}:{FUNCTIONS}",
        **(environment_of(emulator) if emulator else {}),
    }
    with ThreadPoolExecutor(side_by_side) as pool:
        return list(pool.map(lambda mutation: _prove(mutation, environment), mutations))


@contextmanager
def mutation_emulator() -> Iterator[Emulator]:
    """Start the emulator that the tests of all mutations share."""
    with Emulator(backoff=Backoff(first_seconds=0.2, longest_seconds=1.0)) as emulator:
        yield emulator


def _prove(mutation: Mutation, environment: dict[str, str]) -> Proof:
    with_it = _run(mutation, environment)
    without = _run(mutation, {**environment, "MUTATION": mutation.name})
    # a failed test: no error before it, and no TypeError because the replacement has outdated parameters
    is_outdated = "TypeError" in without.stdout
    failed = without.returncode == 1 and _FAILED.search(without.stdout) is not None and not is_outdated
    return Proof(mutation, with_it.returncode == 0, failed, with_it.stdout[-2000:] + without.stdout[-2000:])


def _run(mutation: Mutation, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "tests.faults.mutations", "-n", "0", mutation.caught_by]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
