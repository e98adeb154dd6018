"""What a plan of the real root holds: every grant as the README lists it, every wait, and every example file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local_cloud.terraform import Plan, Terraform
from tests.system import ROOT

GRANT_ROW = re.compile(
    r"^\| `(google_\w+_(?:iam_member|dataset_access))\.(\w+)` \| `([^`]+)` \| [^|]+ \| ([^|]+) \| [^|]+ \| [^|]+ \|$",
    re.M,
)
EXAMPLES = sorted((*(ROOT / "examples").glob("*.tfvars.example"), ROOT / "terraform.tfvars.example"))
# Both clouds, keyless and by secret, hourly and as objects arrive, and a key: everything that brings grants.
EVERYTHING = ROOT / "examples" / "several-sources.tfvars.example"


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    with Terraform(ROOT, tmp_path_factory.mktemp("plans")) as planning:
        planning.init()
        yield planning


@pytest.fixture(scope="module")
def everything(terraform: Terraform) -> Plan:
    return terraform.plan(f"-var-file={EVERYTHING}")


def planned_grants(plan: Plan) -> set[tuple[str, str, str]]:
    """Type, name and role of each IAM resource, and of each entry in a dataset's access list."""
    changes = [c for c in plan.document["resource_changes"] if "_iam_" in c["type"] or "_access" in c["type"]]
    return {(c["type"], c["name"], c["change"]["after"].get("role") or "authorized views") for c in changes}


def test_the_grants_of_a_plan_with_everything_on_are_the_table_of_the_readme(everything: Plan) -> None:
    rows = GRANT_ROW.findall((ROOT / "README.md").read_text())

    assert planned_grants(everything) == {row[:3] for row in rows}
    on_the_project = {(kind, name) for kind, name, _, on in rows if on.startswith("project")}
    assert on_the_project == {(kind, name) for kind, name, *_ in rows if kind == "google_project_iam_member"}


def test_each_wait_is_as_long_as_google_takes(everything: Plan) -> None:
    waits = [address for address in everything.changes if ".time_sleep." in f".{address}"]

    assert {address: everything.planned(address)["create_duration"] for address in waits} == {
        "time_sleep.services": "60s",  # SERVICE_DISABLED, up to a minute after an API was enabled
        "time_sleep.kms[0]": "60s",
        'module.landing.time_sleep.grants["aws"]': "60s",  # Storage Transfer's documentation asks for 30 s
        'module.landing.time_sleep.grants["azure"]': "60s",
        "module.loader.time_sleep.grants": "120s",  # to Eventarc and Cloud Build, one to two minutes
        "module.monitoring.time_sleep.metrics": "120s",  # a metric that a policy may name, one to two minutes
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_plans(terraform: Terraform, example: Path) -> None:
    plan = terraform.plan(f"-var-file={example}")

    assert set(plan.changes.values()) == {("create",)}
    assert any(".google_storage_transfer_job." in address for address in plan.changes)


def test_the_example_of_a_backend_is_one_that_terraform_takes(tmp_path: Path) -> None:
    with Terraform(ROOT, tmp_path) as planning:
        shutil.copyfile(ROOT / "backend.tf.example", planning.root / "backend.tf")
        planning.init()
        planning.validate()

    assert 'backend "gcs"' in (ROOT / "backend.tf.example").read_text()
