"""After a change from any settings to any other, the system is what a first apply of the new settings makes.

The provider drops some changes in silence, and reports no difference: see `tests/emulator/terraform_provider/sdk.py`.
FAULTS=long tries more changes, and FAULTS_SEED repeats them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from tests.emulator.terraform_provider import Terraform
from tests.emulator.terraform_provider.provider import RECORDED
from tests.support.paths import TERRAFORM
from tests.terraform.random_settings import DIRECT_EGRESS, Settings, emptied_settings, full_settings, random_settings

LONG = os.environ.get("FAULTS") == "long"
SEED = int(os.environ.get("FAULTS_SEED") or 0)
RANDOM_SETTINGS = 10 if LONG else 0
# Terraform ignores changes of the first two, as the README says. The third is an id that it makes by chance.
IGNORED = ("google_bigquery_dataset.access", "google_bigquery_table.schema", "terraform_data.id")
# Numbers and times that a service makes.
MADE = re.compile(r"\d{4}-\d\d-\d\dT[\d:]+Z|\b\d{12}\b")
TIMES = ("day", "hour", "minute", "month", "second", "unix", "year")


def test_changed_system_equals_a_new_one(tmp_path: Path) -> None:
    """Each pair of settings in both directions: three applies make two new systems and change both."""
    random = Random(SEED)
    steps = [full_settings(), emptied_settings(), *[random_settings(random) for _ in range(RANDOM_SETTINGS)]]
    found: dict[str, list[str]] = {}
    with Terraform(TERRAFORM, tmp_path, RECORDED) as terraform:
        terraform.init()
        new = applied(terraform, steps[0], "0.tfstate")
        for number, (one, other) in enumerate(pairwise(steps)):
            old, new = new, applied(terraform, other, f"{number + 1}.tfstate")
            found[f"to {number + 1}"] = list(different(new, applied(terraform, other, f"{number}.tfstate")))
            found[f"back to {number}"] = list(different(old, applied(terraform, one, f"{number + 1}.tfstate")))
        direct = "subnetwork" in (one["network"] or {})
        terraform.variables = {**one, "network": None if direct else DIRECT_EGRESS}
        changes = terraform.plan("-refresh=false", f"-state={number + 1}.tfstate").changes

    # not in each pair: new functions would hide what the provider drops of old ones
    again = {change for name, change in changes.items() if ".google_cloudfunctions2_function." in name}
    assert again == {("delete", "create")}
    assert {change: paths for change, paths in found.items() if paths} == {}, f"FAULTS_SEED={SEED}"


def applied(terraform: Terraform, settings: Settings, state: str) -> Mapping[str, Any]:
    terraform.variables = settings
    terraform.apply("-refresh=false", f"-state={state}")
    return terraform.run_json("show", "-json", state)


def different(new: Mapping[str, Any], changed: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the changed system has otherwise than the new one."""
    wanted, found = (dict(_resources(document["values"]["root_module"])) for document in (new, changed))
    yield from (f"{address} is only in one" for address in sorted(wanted.keys() ^ found.keys()))
    for address in sorted(wanted.keys() & found.keys()):
        kind = re.sub(r"\[.*?\]", "", address).split(".")[-2]
        yield from _different(wanted[address], found[address], kind, address)


def _different(new: Any, changed: Any, kind: str, where: str) -> Iterator[str]:
    if kind in IGNORED:
        return
    if isinstance(new, dict) and isinstance(changed, dict):
        for name in sorted((new.keys() | changed.keys()) - set(TIMES)):
            yield from _different(new.get(name), changed.get(name), f"{kind}.{name}", f"{where}.{name}")
    elif isinstance(new, list) and isinstance(changed, list) and len(new) == len(changed):
        for index, pair in enumerate(zip(new, changed, strict=True)):
            yield from _different(*pair, kind, f"{where}[{index}]")
    elif (new or changed) and MADE.sub("made", str(new)) != MADE.sub("made", str(changed)):
        yield f"{where}: {changed!r}, and in a new system {new!r}"


def _resources(module: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((one["address"], one["values"]) for one in module.get("resources", []) if one["mode"] == "managed")
    for child in module.get("child_modules", []):
        yield from _resources(child)


def test_source_of_each_provider_comes_and_goes_by_chance() -> None:
    made: list[Settings] = [random_settings(Random(seed)) for seed in range(20)]

    assert {bool(one["aws_sources"]) for one in made} == {True, False}
    assert {bool(one["azure_sources"]) for one in made} == {True, False}
