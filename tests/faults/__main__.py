"""`make faults`: inject every kind of failure, and print one line per scenario.

FAULTS=long runs every case instead of a sample, a sample in a second location, and every mutation.
"""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest

from tests.faults.mutation_runner import mutation_emulator, prove
from tests.faults.mutations import MUTATIONS

LONG = os.environ.get("FAULTS") == "long"

TITLES = {
    "F1": "the same event several times",
    "F2": "objects of two runs in any order",
    "F3": "a crash at every request",
    "F4": "several instances at the same time",
    "F5": "the manifest before its data, or a missing file",
    "F6": "corrupt files",
    "F7": "broken and hostile manifests",
    "F8": "changed columns",
    "F9": "errors of BigQuery and Cloud Storage",
    "F10": "lost or restored load history",
    "F11": "amended, shorter and empty deliveries",
    "F12": "a lost event, a provider that stops delivering",
    "F13": "a file replaced during the load",
    "F14": "as many files as a load job takes, or more",
    "F15": "objects that belong to no export",
    "F16": "overwritten files, copied in any order",
    "F17": "rows of another month",
    "F18": "a paused instance, or a job that ends after its function",
    "F19": "a recreated or renamed table, a replay",
    "F20": "identical files again",
    "F21": "a rejected run that is newer than a valid one",
    "F22": "files with a header and no rows",
    "F23": "a first transfer in random order",
    "F24": "a dataset outside the multi-regions",
    "F25": "an instance with a wrong clock",
    "F26": "an instance that sends its load job after a takeover",
    "F27": "a lease that never ends",
    "F28": "one file with other columns among many",
    "F29": "errors that pass, for days",
    "F30": "a file that arrives after the settle time",
    "F31": "values that are no numbers, in one source of several",
    "F32": "a delivery that stops every instance",
    "F33": "a source that is broken, beside others",
    "F34": "a later delivery whose manifest never comes",
    "F35": "two writers of one table",
    "F36": "a delivery that shrinks its month",
    "F37": "deliveries of another account or subscription",
    "histories": "random sequences of all of these",
}


class Table:
    """Counts the results of tests and the checked invariants of each scenario."""

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
        """Return the lines to print. Cases are counted by the checks: a test checks each invariant once per case."""
        rows = [("id", "scenario", "tests", "cases", "invariants checked", "result")]
        for scenario, title in TITLES.items():
            results, checked = self.results[scenario], self.checked[scenario]
            cases = max([results.total(), *checked.values()])
            rows.append((scenario, title, str(results.total()), str(cases), _checks(checked), _result(results)))
        return _columns(rows)

    @property
    def complete(self) -> bool:
        return all(set(self.results[scenario]) == {"passed"} for scenario in TITLES)


def _checks(checked: Counter[str]) -> str:
    return " ".join(f"{name} x{number}" for name, number in sorted(checked.items())) or "asserted by the test itself"


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
    print("\n".join(["", f"Scenarios in {location}", "", *table.lines()]), flush=True)
    return code == 0 and table.complete


def _mutations() -> bool:
    with mutation_emulator() as emulator:
        proofs = prove(MUTATIONS.values(), emulator)
    rows = [
        ("check that was taken out", "result", "test that must fail"),
        *((proof.mutation.name, proof.result, proof.mutation.caught_by) for proof in proofs),
    ]
    print("\n".join(["", *_columns(rows)]), flush=True)
    return all(proof.holds for proof in proofs)


def main(arguments: Sequence[str]) -> int:
    """Run the scenarios. The long form also runs a sample in a multi-region, and every mutation."""
    region = "europe-west1"  # outside the multi-regions, a request without its location finds nothing
    if not LONG:
        return 0 if _catalogue(arguments, region) else 1
    good = [_catalogue(arguments, region, "long"), _catalogue(arguments, "US"), _mutations()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
