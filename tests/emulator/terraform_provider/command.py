"""Print which Terraform the tests use (`make test`). With arguments, run it in `terraform/` (`make terraform`).

`make terraform ARGS=apply` uses the real providers. It is for machines on which Terraform is not installed.
"""

from __future__ import annotations

import os
import sys

from tests.emulator.terraform_provider.binary import Binary, NoTerraformError, find_terraform, real_providers
from tests.emulator.terraform_provider.facts import GOOGLE_VERSIONS
from tests.support.paths import TERRAFORM


def main() -> None:
    try:
        binary, arguments = find_terraform(), sys.argv[1:]
        if arguments:
            _run(binary, arguments)
        also = " and the real ones" if real_providers() else ""
        print(f"{binary}, with stand-in providers (google {' and '.join(GOOGLE_VERSIONS)}){also}.")
    except (NoTerraformError, ValueError) as error:
        sys.exit(str(error))


def _run(binary: Binary, arguments: list[str]) -> None:
    print(f"{binary}, with the real providers: terraform {' '.join(arguments)}", flush=True)
    os.chdir(TERRAFORM)
    os.execv(binary.argv[0], [*binary.argv, *arguments])


if __name__ == "__main__":
    main()
