"""`python -m tests.emulator`: run the emulator until Ctrl-C. It prints its endpoints as `export` lines."""

from __future__ import annotations

import argparse
import shlex
import signal
import threading

from tests.emulator import Emulator


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.emulator", description=__doc__)
    parser.add_argument("--project", default="local-project")
    parser.add_argument("--location", default="europe-west1")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Emulator(options.project, options.location, on_log_line=lambda name, line: print(f"{name}: {line}")) as cloud:
        print(f"The emulator runs: project {cloud.project}, location {cloud.location}. Press Ctrl-C to stop it.\n")
        for name, value in cloud.environment().items():
            print(f"export {name}={shlex.quote(value)}")
        print(f"export GOOGLE_CLOUD_PROJECT={shlex.quote(cloud.project)}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
