"""`python -m tests.emulator`: the cloud stays up until Ctrl-C; its endpoints are printed as lines to paste."""

from __future__ import annotations

import argparse
import shlex
import signal
import threading

from tests.emulator import LocalCloud


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.emulator", description=__doc__)
    parser.add_argument("--project", default="local-project")
    parser.add_argument("--location", default="europe-west1")
    options = parser.parse_args()
    asked_to_stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_stop.set())
    with LocalCloud(
        options.project, options.location, on_log_line=lambda name, line: print(f"{name}: {line}")
    ) as cloud:
        print(f"The local cloud is up: project {cloud.project}, location {cloud.location}. Ctrl-C ends it.\n")
        for name, value in cloud.environment().items():
            print(f"export {name}={shlex.quote(value)}")
        print(f"export GOOGLE_CLOUD_PROJECT={shlex.quote(cloud.project)}", flush=True)
        asked_to_stop.wait()


if __name__ == "__main__":
    main()
