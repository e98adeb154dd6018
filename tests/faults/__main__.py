"""`make faults`: the fault catalogue, a line per scenario. FAULTS=long runs every case, otherwise a sample."""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest

from tests.faults.mutation_runner import cloud_for_proofs, prove
from tests.faults.mutations import MUTATIONS

LONG = os.environ.get("FAULTS") == "long"

TITLES = {
    "F1": "duplicate events",
    "F2": "objects of two runs in any order",
    "F3": "a crash at every request",
    "F4": "instances side by side",
    "F5": "manifest before data; a file that never comes",
    "F6": "corrupt data",
    "F7": "hostile or broken manifest",
    "F8": "columns change",
    "F9": "errors of BigQuery and Storage",
    "F10": "state lost or stale",
    "F11": "amended, narrower, empty",
    "F12": "lost event, silent provider",
    "F13": "object replaced during the load",
    "F14": "more files than a job takes",
    "F15": "objects that are none of ours",
    "F16": "overwrite layout, interleaved",
    "F17": "rows outside the month",
    "F18": "a function outlived by its job, or waking late",
    "F19": "destination changed, replay",
    "F20": "identical bytes again",
    "F21": "a rejected run newer than a valid one",
    "F22": "header-only files",
    "F23": "first transfer in random order",
    "F24": "another location",
    "histories": "all of this in any sequence",
}


class Table:
    """Counts what the workers report, by scenario."""

    def __init__(self) -> None:
        self.results: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.checked: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        scenarios = {str(name) for kind, name in report.user_properties if kind == "fault"}
        for scenario in scenarios:
            if report.when == "call" or report.outcome != "passed":
                self.results[scenario][report.outcome] += 1
            if report.when == "teardown":
                self.checked[scenario].update(str(name) for kind, name in report.user_properties if kind == "checked")

    def lines(self) -> list[str]:
        """A test looks after each of its cases: how often tells how many there were."""
        rows = [("", "scenario", "tests", "cases", "invariants checked", "result")]
        for scenario, title in TITLES.items():
            results, checked = self.results[scenario], self.checked[scenario]
            cases = max([results.total(), *checked.values()])
            rows.append((scenario, title, str(results.total()), str(cases), _checks(checked), _result(results)))
        return _columns(rows)

    @property
    def complete(self) -> bool:
        return all(set(self.results[scenario]) == {"passed"} for scenario in TITLES)


def _checks(checked: Counter[str]) -> str:
    return " ".join(f"{name} x{number}" for name, number in sorted(checked.items())) or "no month stands: by the test"


def _result(results: Counter[str]) -> str:
    if set(results) == {"passed"}:
        return "ok"
    return ", ".join(f"{number} {how}" for how, number in results.items()) or "NOT RUN"


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _run(arguments: Sequence[str]) -> tuple[Table, int]:
    table = Table()
    return table, int(pytest.main(["-m", "fault", "--dist", "worksteal", *arguments], plugins=[table]))


def _catalogue(arguments: Sequence[str], location: str, form: str = "") -> bool:
    os.environ |= {"EMULATOR_LOCATION": location, "FAULTS": form}
    table, code = _run(arguments)
    print("\n".join(["", f"in {location}", *table.lines()]), flush=True)
    return code == 0 and table.complete


def _mutations() -> bool:
    with cloud_for_proofs() as emulator:
        proofs = prove(MUTATIONS.values(), emulator)
    rows = [
        ("check", "result", "fails without it"),
        *((one.mutation.name, one.result, one.mutation.caught_by) for one in proofs),
    ]
    print("\n".join(["", *_columns(rows)]), flush=True)
    return all(proof.holds for proof in proofs)


def main(arguments: Sequence[str]) -> int:
    """The long form also runs a sample in the multi-region, and takes every check out once."""
    region = "europe-west1"  # where a forgotten location shows
    if not LONG:
        return 0 if _catalogue(arguments, region) else 1
    good = [_catalogue(arguments, region, "long"), _catalogue(arguments, "US"), _mutations()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
