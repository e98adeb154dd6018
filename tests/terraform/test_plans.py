"""Plans of the real root: grants, waits and example files. And the first apply, which does what was planned."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.emulator.permissions.conditions import holds
from tests.emulator.terraform_provider import GOOGLE_VERSIONS, Plan, Terraform
from tests.emulator.terraform_provider.deployment import provider_environment
from tests.emulator.terraform_provider.facts import facts
from tests.support.paths import TERRAFORM

GRANT_ROW = re.compile(
    r"^\| `(google_\w+_(?:iam_(?:member|binding)|dataset_access))\.(\w+)`"
    r" \| `([^`]+)` \| [^|]+ \| ([^|]+) \| [^|]+ \| [^|]+ \|$",
    re.M,
)
EXAMPLES = sorted((*(TERRAFORM / "examples").glob("*.tfvars.example"), TERRAFORM / "terraform.tfvars.example"))
# Both providers, with and without secrets, with a schedule and an event stream, and with a key: every grant.
EVERYTHING = TERRAFORM / "examples" / "several-sources.tfvars.example"
# Attributes that the provider rewrites at apply: `stored` in the facts.
REWRITTEN = [
    (kind.name, name)
    for kind in facts("google").resources.values()
    for name, attribute in kind.attributes.items()
    if "stored" in attribute
]


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    with Terraform(TERRAFORM, tmp_path_factory.mktemp("plans")) as planning:
        planning.init()
        yield planning


@pytest.fixture(scope="module")
def everything(terraform: Terraform) -> Plan:
    return terraform.plan(f"-var-file={EVERYTHING}")


def planned_grants(plan: Plan) -> set[tuple[str, str, str]]:
    """Return type, name and role of each IAM resource and of each entry in a dataset's access list."""
    changes = [c for c in plan.document["resource_changes"] if "_iam_" in c["type"] or "_access" in c["type"]]
    return {(c["type"], c["name"], c["change"]["after"].get("role") or "authorized views") for c in changes}


def test_planned_grants_equal_the_table_in_the_readme(everything: Plan) -> None:
    rows = GRANT_ROW.findall((TERRAFORM / "README.md").read_text())

    assert planned_grants(everything) == {row[:3] for row in rows}

    on_the_project = {(kind, name) for kind, name, _, on in rows if on.startswith("project")}

    assert on_the_project == {(kind, name) for kind, name, *_ in rows if kind == "google_project_iam_member"}


def test_the_conditions_of_grants_hold_for_their_resource_alone(everything: Plan) -> None:
    conditions = {
        change["address"]: change["change"]["after"]["condition"][0]["expression"]
        for change in everything.document["resource_changes"]
        if (change["change"]["after"] or {}).get("condition")
    }

    assert list(conditions) == ["module.loader.google_project_iam_member.build_source"]

    (condition,) = conditions.values()

    assert holds(condition, "projects/_/buckets/gcf-v2-sources-987214032843-europe-west4/objects/a/function.zip")
    assert not holds(condition, "projects/_/buckets/acme-billing-landing-aws/objects/gcf-v2-sources-1/a.csv")


@pytest.mark.parametrize(
    "wrong", ['resource.name.startsWith("a"', 'resource.nam == "a"', "resource.name", 'resource.name.beginsWith("a")']
)
def test_a_wrong_condition_is_no_condition(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no condition"):
        holds(wrong, "projects/_/buckets/b")


def test_each_wait_has_its_length(everything: Plan) -> None:
    waits = [address for address in everything.changes if ".time_sleep." in f".{address}"]

    assert {address: everything.planned(address)["create_duration"] for address in waits} == {
        "time_sleep.services": "60s",  # SERVICE_DISABLED, up to a minute after an API was enabled
        "time_sleep.kms[0]": "60s",
        'module.landing.time_sleep.grants["aws"]': "60s",  # Storage Transfer's documentation asks for 30 s
        'module.landing.time_sleep.grants["azure"]': "60s",
        "time_sleep.agents": "120s",  # "does not exist" for 30 to 120 s
        "module.loader.time_sleep.accounts": "120s",  # "does not exist" for 30 to 120 s
        "module.loader.time_sleep.grants": "120s",  # to Eventarc and Cloud Build, one to two minutes
        "module.monitoring.time_sleep.metrics": "120s",  # a metric that a policy may name, one to two minutes
    }


@pytest.mark.fault("F34")
def test_source_with_an_event_stream_has_a_daily_job_too(everything: Plan) -> None:
    """A message that its queue loses has no second chance."""
    daily = [address for address in everything.changes if ".daily[" in address]

    assert daily == ['module.transfer_aws["legacy"].google_storage_transfer_job.daily["daily"]']
    assert everything.planned(daily[0])["schedule"][0]["repeat_interval"] == "86400s"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_plans(terraform: Terraform, example: Path) -> None:
    plan = terraform.plan(f"-var-file={example}")

    assert set(plan.changes.values()) == {("create",)}
    assert any(".google_storage_transfer_job." in address for address in plan.changes)


def test_first_apply_does_what_was_planned(tmp_path: Path) -> None:
    with (
        Emulator(project="acme-billing", location="EU") as emulator,
        Terraform(TERRAFORM, tmp_path, provider_environment(emulator), google_version=GOOGLE_VERSIONS[-1]) as terraform,
    ):
        terraform.init()
        plan = terraform.plan(f"-var-file={EVERYTHING}")
        terraform.apply(plan=plan)
        made = terraform.output()
        second = terraform.plan(f"-var-file={EVERYTHING}")

    outputs = plan.document["output_changes"].items()
    planned = {name: output["after"] for name, output in outputs if output["after_unknown"] is False}

    assert planned.keys() >= {"bookkeeping_bucket", "environment", "landing_buckets", "service_accounts"}
    assert {name: made[name] for name in planned} == planned
    assert second.changes == {}


def readers(kind: str, name: str) -> re.Pattern[str]:
    """Return a pattern for reads of the attribute in one block: by address, in a `for`, or as `each.value`."""
    address = rf"\b{kind}\.\w+"
    return re.compile(
        rf"{address}\)?(\[[^]]*\])*\.{name}\b"
        rf"|\bfor (\w+, )?(?P<one>\w+) in [^:]*{address}[^:]*:.*\b(?P=one)\.{name}\b"
        rf"|\bfor_each\s*= {address}\b.*\beach\.value\.{name}\b",
        re.DOTALL,
    )


@pytest.mark.parametrize(
    "text",
    [
        'bucket = google_storage_bucket_iam_member.viewer["aws"].bucket',
        "buckets = values(google_storage_bucket_iam_member.viewer)[*].bucket",
        "buckets = [for grant in google_storage_bucket_iam_member.viewer : grant.bucket]",
        'triggers = { for key, grant in google_storage_bucket_iam_member.viewer : key => "gs://${grant.bucket}" }',
        "for_each = google_storage_bucket_iam_member.viewer\n  name = each.value.bucket",
    ],
)
def test_readers_finds_every_way_to_read_an_attribute(text: str) -> None:
    assert readers("google_storage_bucket_iam_member", "bucket").search(text)
    assert not readers("google_storage_bucket_iam_member", "bucket").search(text.replace(".bucket", ".member"))


def test_no_block_reads_a_rewritten_attribute() -> None:
    """Its value differs between plan and apply, so a trigger fails and a name is wrong."""
    files = [path for path in TERRAFORM.rglob("*.tf") if ".terraform" not in path.parts]
    blocks = [(path.name, block) for path in files for block in re.split(r"^}$", path.read_text(), flags=re.M)]
    found = [
        f"{file}: {name} of {kind}"
        for kind, name in REWRITTEN
        for file, block in blocks
        if readers(kind, name).search(block)
    ]

    assert ("google_storage_bucket_iam_member", "bucket") in REWRITTEN
    assert found == []


def test_terraform_accepts_the_example_of_a_backend(tmp_path: Path) -> None:
    with Terraform(TERRAFORM, tmp_path) as planning:
        shutil.copyfile(TERRAFORM / "backend.tf.example", planning.root / "backend.tf")
        planning.init()
        planning.validate()

    assert 'backend "gcs"' in (TERRAFORM / "backend.tf.example").read_text()
