"""`make terraform`: the root itself, in place, by whichever Terraform there is, on the real providers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.local_cloud.terraform.binary import NoTerraformError, find_terraform

_ROOT = Path(__file__).resolve().parents[3] / "terraform"


def main() -> None:
    try:
        binary = find_terraform()
    except NoTerraformError as error:
        sys.exit(str(error))
    arguments = sys.argv[1:] or ["version"]
    print(f"{binary}, the real providers: terraform {' '.join(arguments)}", flush=True)
    os.chdir(_ROOT)
    os.execv(binary.argv[0], [*binary.argv, *arguments])


if __name__ == "__main__":
    main()
