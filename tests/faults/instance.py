"""One instance of the function in a process of its own: orders come by standard input, a line of JSON each.

{"stack": name, "source": "aws", "object": name, "at": 7, "ahead": 0} handles the event of that object, by a clock that
is that far ahead, and pauses before its seventh request (0: never) until {"minutes": 11} wakes it, that much later.
"""

from __future__ import annotations

import json
import sys

from billing.errors import BillingError
from tests.emulator import Emulator
from tests.faults.process import joined, say
from tests.faults.transport import wire
from tests.support.emulator_deployment import EmulatorDeployment
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE


def handle(emulator: Emulator, stack: str, source: str, name: str, at: int, ahead: float) -> None:
    deployment = EmulatorDeployment(emulator, name=stack)
    deployment.clock.step(seconds=ahead)

    def paused() -> None:
        say(sys.stdout, paused=at, url=sent.calls[-1][2], loads=sent.loads)
        deployment.clock.step(minutes=json.loads(sys.stdin.readline())["minutes"])

    with wire("pause", at, paused) as sent:
        try:
            outcome = Harness(deployment).handle_object(AWS if source == "aws" else AZURE, name)
            end = outcome.code or outcome.action
        except BillingError as error:
            end = error.code
    say(sys.stdout, end=end, loads=sent.loads, requests=sent.count)


def main() -> None:
    with joined() as emulator:
        say(sys.stdout, ready=True)
        for line in iter(sys.stdin.readline, ""):
            order = json.loads(line)
            handle(emulator, order["stack"], order["source"], order["object"], order["at"], order["ahead"])


if __name__ == "__main__":
    main()
