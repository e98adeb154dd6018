"""Terraform, the emulator and the report, as both demos use them."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.demo.output import FunctionLog, step
from tests.emulator import Backoff, Emulator
from tests.emulator.terraform_provider import Terraform
from tests.emulator.terraform_provider.binary import (
    PROVIDERS_VARIABLE,
    NoTerraformError,
    find_terraform,
    real_providers,
)
from tests.support.paths import FUNCTIONS, ROOT
from tests.support.terraform_deployment import TerraformDeployment

_REPORT_SECONDS = 600.0


def check_terraform() -> None:
    """Exit with one sentence if there is no Terraform, or if real providers are wanted."""
    try:
        find_terraform()
        real = real_providers()
    except (NoTerraformError, ValueError) as error:
        sys.exit(str(error))
    if real:
        sys.exit(
            f"The demo never leaves this machine, but {PROVIDERS_VARIABLE} is `real`: "
            "unset it, or deploy with `make terraform`."
        )


def new_emulator(log: FunctionLog, *, tables_on_disk: bool = False) -> Emulator:
    backoff = Backoff(first_seconds=0.5, longest_seconds=2.0)
    return Emulator(backoff=backoff, on_log_line=log.add, tables_on_disk=tables_on_disk)


def announce(terraform: Terraform) -> None:
    print(f"Runs on the emulator: no account, and nothing leaves this machine. {terraform}.")


def apply(system: TerraformDeployment) -> None:
    with step("terraform init and apply: buckets, tables, functions, triggers, transfers, schedule"):
        system.apply()


def write_report(system: TerraformDeployment) -> int:
    """Run `billing report` as on a real project, and return its exit code."""
    output = Path(os.environ.get("REPORT") or ROOT / ".local" / "report.html").resolve()
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "LANG") if name in os.environ}
    with step("billing report: cost as one HTML page"), tempfile.TemporaryDirectory() as no_settings:
        return subprocess.run(
            [sys.executable, "-m", "billing_cli", "report", "--tag", os.environ.get("TAG", "team"), "--output", output],
            cwd=no_settings,  # settings of a real project would be read from the current folder
            env={**kept, **system.emulator.environment(), **system.environment, "PYTHONPATH": str(FUNCTIONS)},
            timeout=_REPORT_SECONDS,
            check=False,
        ).returncode
