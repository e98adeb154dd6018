"""One instance of the function in its own process. Standard input has one order per line, in JSON.

The order {"deployment": name, "source": "aws", "object": name, "at": 7, "ahead": 0} handles the event of that object.
`ahead` is how far its clock is ahead, in seconds. It pauses before its request number `at` (0: never).
The order {"minutes": 11} lets it continue, that much later.
"""

from __future__ import annotations

import json
import sys

from billing.errors import BillingError
from tests.emulator import Emulator
from tests.faults.process import joined, send
from tests.faults.transport import wire
from tests.support.emulator_deployment import EmulatorDeployment
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE


def handle(emulator: Emulator, name: str, source: str, object_name: str, at: int, ahead: float) -> None:
    deployment = EmulatorDeployment(emulator, name=name)
    deployment.clock.step(seconds=ahead)

    def paused() -> None:
        send(sys.stdout, paused=at, url=sent.calls[-1][2], loads=sent.loads)
        deployment.clock.step(minutes=json.loads(sys.stdin.readline())["minutes"])

    with wire("pause", at, paused) as sent:
        try:
            outcome = Harness(deployment).handle_object(AWS if source == "aws" else AZURE, object_name)
            end = outcome.code or outcome.action
        except BillingError as error:
            end = error.code
    send(sys.stdout, end=end, loads=sent.loads, requests=sent.count)


def main() -> None:
    with joined() as emulator:
        send(sys.stdout, ready=True)
        for line in iter(sys.stdin.readline, ""):
            order = json.loads(line)
            handle(emulator, order["deployment"], order["source"], order["object"], order["at"], order["ahead"])


if __name__ == "__main__":
    main()
