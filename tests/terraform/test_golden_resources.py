"""The stand-in plans, keeps and sends what the real provider did. `golden/README.md` says how the files were made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.emulator.terraform_provider.deployment import provider_environment
from tests.terraform.golden_resources import (
    GOLDEN,
    StandIn,
    golden_requests,
    golden_resources,
    plan_differences,
    request_differences,
    state_differences,
)

DATA = [address for address in golden_resources() if address.startswith("data.")]
MANAGED = [address for address in golden_resources() if not address.startswith("data.")]
# What the emulator keeps otherwise, by type. The README of the golden files has the reasons.
DIFFERENT = {
    "google_bigquery_table": ["num_bytes", "num_long_term_bytes", "num_rows", "schema"],
    "google_storage_bucket_object": ["kms_key_name"],
}


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with Emulator(project="acme-billing", location="EU") as emulator:
        yield StandIn(provider_environment(emulator))


def test_stand_in_plans_and_keeps_what_the_real_provider_does(stand_in: StandIn, tmp_path: Path) -> None:
    (tmp_path / "functions.zip").write_bytes(b"a zip")
    planned, kept, second = {}, {}, {}
    for address in MANAGED:
        golden = with_file(golden_resources()[address], tmp_path / "functions.zip")
        kind, final = golden["type"], {**golden["config"], **golden.get("applied", {})}

        state = stand_in.apply(kind, stand_in.plan(kind, final))

        planned[address] = list(plan_differences(golden["plan"], stand_in.plan(kind, golden["config"])))
        left_out = DIFFERENT.get(kind, [])
        found = state_differences(golden["state"], state)
        kept[address] = [one for one in found if one.split(":")[0] not in left_out]
        second[address] = list(state_differences(state, stand_in.plan(kind, final, state)))

    nothing: dict[str, list[str]] = {address: [] for address in MANAGED}
    assert planned == nothing
    assert kept == nothing
    assert second == nothing


@pytest.mark.parametrize("address", DATA)
def test_stand_in_reads_the_service_agents_of_the_real_provider(stand_in: StandIn, address: str) -> None:
    golden = golden_resources()[address]

    state = stand_in.read_data(golden["type"], {"project": "acme-billing"})

    assert list(state_differences(golden["state"], state)) == []


@pytest.mark.parametrize("address", golden_requests())
def test_stand_in_sends_the_request_of_the_real_provider(address: str) -> None:
    golden = golden_requests()[address]

    request = StandIn({}).request(golden["type"], golden["config"])

    assert list(request_differences(golden, request)) == []


def test_readme_has_each_type_and_each_difference() -> None:
    text = (GOLDEN / "README.md").read_text()

    assert [
        f"{kind}.{name}" for kind, names in DIFFERENT.items() for name in names if f"`{kind}.{name}`" not in text
    ] == []


def with_file(golden: Any, archive: Path) -> Any:
    if isinstance(golden, dict):
        return {name: with_file(value, archive) for name, value in golden.items()}
    if isinstance(golden, list):
        return [with_file(value, archive) for value in golden]
    return str(archive) if golden == "ZIP" else golden
