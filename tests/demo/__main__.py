"""`make demo`: apply the real Terraform of all three sides, export, transfer and load months, and check every total.

Settings from the environment: MONTHS (3) per provider, ROWS (60000) in all, SEED (1) of the generator,
REPORT (.local/report.html) as the file of the report, TAG (team) as the tag that the report splits by.
The exit code is 1 if a row is missing or a total differs in its last decimal.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.demo.environment import apply, check_terraform, new_emulator, write_report
from tests.demo.output import FunctionLog
from tests.demo.scenario import Demo, run
from tests.demo.sides import apply_sides, check_wiring
from tests.support.paths import TERRAFORM
from tests.support.terraform_deployment import TerraformDeployment

_LAST_MONTH = (2025, 12)  # fixed, so that the same seed gives the same demo on any day
_MAX_ROWS_IN_MEMORY = 2_000_000  # 5 GB


def main(root: Path = TERRAFORM) -> int:
    months = last_months(number_in("MONTHS", 3, least=1))
    rows = max(number_in("ROWS", 60_000, least=1) // (2 * len(months)), 1)
    seed = number_in("SEED", 1, least=0)
    check_terraform()
    started = time.monotonic()
    log = FunctionLog()
    on_disk = 2 * len(months) * rows > _MAX_ROWS_IN_MEMORY
    with (
        tempfile.TemporaryDirectory(prefix="demo-") as folder,
        new_emulator(log, tables_on_disk=on_disk) as cloud,
    ):
        sides = apply_sides(Path(folder) / "sides", cloud.project)
        with TerraformDeployment(cloud, Path(folder), root=root, **sides.variables) as system:
            apply(system)
            demo = Demo(system, Path(folder) / "generated", months, rows, seed, log)
            check_wiring(demo, sides)
            run(demo)
            demo.expect("the report's exit code", write_report(system), 0)
    return _verdict(demo.differences, time.monotonic() - started)


def _verdict(differences: list[str], seconds: float) -> int:
    for difference in differences:
        print(f"DIFFERS  {difference}")
    if differences:
        print(f"\nFAILED: {len(differences)} results differ from what was generated. ({seconds:.0f} s)")
        return 1
    print(f"\nAll row counts and totals equal the generated exports, to the last decimal. ({seconds:.0f} s)")
    return 0


def number_in(variable: str, default: int, *, least: int) -> int:
    """Return the whole number in an environment variable. Exit with one sentence if it is wrong."""
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal() or int(text) < least:
        sys.exit(f"{variable} is {text!r}: set it to a whole number from {least} on.")
    return int(text)


def last_months(number: int) -> list[str]:
    """Return that many months up to the demo's last one, oldest first."""
    last = _LAST_MONTH[0] * 12 + _LAST_MONTH[1] - 1
    return [f"{index // 12}-{index % 12 + 1:02d}" for index in range(last - number + 1, last + 1)]


if __name__ == "__main__":
    sys.exit(main())
