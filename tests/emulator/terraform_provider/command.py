"""What `make` calls: alone, the first line of `make test`; with arguments, Terraform in `terraform/`, really.

The latter, on the real providers, is for who has no Terraform: `make terraform ARGS=apply`.
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
        also = ", and the real ones" if real_providers() else ""
        print(f"By {binary}, on stand-in providers (google {' and '.join(GOOGLE_VERSIONS)}){also}.")
    except (NoTerraformError, ValueError) as error:
        sys.exit(str(error))


def _run(binary: Binary, arguments: list[str]) -> None:
    print(f"By {binary}, on the real providers: terraform {' '.join(arguments)}", flush=True)
    os.chdir(TERRAFORM)
    os.execv(binary.argv[0], [*binary.argv, *arguments])


if __name__ == "__main__":
    main()
