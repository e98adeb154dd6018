"""The stand-in plans, keeps and sends what the real provider did. `golden/README.md` says how the files were made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.emulator.terraform_provider.deployment import provider_environment
from tests.terraform.golden_resources import StandIn, golden_resources, plan_differences, state_differences

DATA = sorted(address for address in golden_resources() if address.startswith("data."))
MANAGED = [address for address in golden_resources() if not address.startswith("data.")]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Emulator]:
    with Emulator(project="acme-billing", location="EU") as emulator:
        yield emulator


@pytest.fixture(scope="module")
def stand_in(cloud: Emulator) -> StandIn:
    return StandIn(provider_environment(cloud))


def test_stand_in_plans_and_keeps_what_the_real_provider_does(stand_in: StandIn, tmp_path: Path) -> None:
    archive = tmp_path / "functions.zip"
    archive.write_bytes(b"a zip")
    found: dict[str, list[str]] = {}
    for address in MANAGED:
        golden = with_file(golden_resources()[address], archive)
        planned = stand_in.plan(golden["type"], golden["config"])
        final = stand_in.plan(golden["type"], {**golden["config"], **golden.get("applied", {})})
        state = stand_in.apply(golden["type"], final)
        differences = [f"plan {one}" for one in plan_differences(golden["plan"], planned)]
        differences += [f"state {one}" for one in state_differences(golden["state"], state)]
        if differences:
            found[address] = differences

    assert found == {}


def with_file(golden: Any, archive: Path) -> Any:
    if isinstance(golden, dict):
        return {name: with_file(value, archive) for name, value in golden.items()}
    if isinstance(golden, list):
        return [with_file(value, archive) for value in golden]
    return str(archive) if golden == "ZIP" else golden
