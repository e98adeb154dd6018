"""Serve the stand-in providers. Only the runner and Terraform start this.

python -m tests.emulator.terraform_provider attached VERSION
    serve all until the process is ended, and print TF_REATTACH_PROVIDERS
python -m tests.emulator.terraform_provider plugin NAME VERSION
    serve one of them: Terraform itself starts this
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from pathlib import Path

from tests.emulator.terraform_provider.provider import Provider
from tests.emulator.terraform_provider.source_providers import NAMESPACES, SOURCE_PROVIDERS, SourceProvider
from tests.emulator.terraform_provider.wire import serve_attached, serve_plugin


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="standin-") as folder:
        if sys.argv[1] == "plugin":
            serve_plugin(_provider(sys.argv[2], sys.argv[3]), Path(folder))
        else:
            _serve_all(sys.argv[2], Path(folder))


def _serve_all(google_version: str, folder: Path) -> None:
    served = {
        f"{namespace}/{name}": serve_attached(_provider(name, google_version), folder / name)
        for name, namespace in NAMESPACES.items()
    }
    print(json.dumps({source: address for source, (_, address) in served.items()}), flush=True)
    threading.Event().wait()


def _provider(name: str, google_version: str) -> Provider:
    return (SourceProvider if name in SOURCE_PROVIDERS else Provider)(name, google_version)


main()
