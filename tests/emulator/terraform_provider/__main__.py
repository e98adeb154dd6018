"""Serve the stand-in providers. Only the runner and Terraform start this.

python -m tests.emulator.terraform_provider attached VERSION
    serve all four until the process is ended, and print TF_REATTACH_PROVIDERS
python -m tests.emulator.terraform_provider plugin NAME VERSION
    serve one of them: Terraform itself starts this
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from pathlib import Path

from tests.emulator.terraform_provider.provider import PROVIDERS, Provider
from tests.emulator.terraform_provider.wire import serve_attached, serve_plugin


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="standin-") as folder:
        if sys.argv[1] == "plugin":
            serve_plugin(Provider(sys.argv[2], sys.argv[3]), Path(folder))
        else:
            _serve_all(sys.argv[2], Path(folder))


def _serve_all(google_version: str, folder: Path) -> None:
    served = {name: serve_attached(Provider(name, google_version), folder / name) for name in PROVIDERS}
    print(json.dumps({f"hashicorp/{name}": address for name, (_, address) in served.items()}), flush=True)
    threading.Event().wait()


main()
