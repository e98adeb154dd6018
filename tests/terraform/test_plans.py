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
from tests.terraform.golden_resources import GOLDEN, golden_paths, set_paths
from tests.terraform.test_apply_order import WAIT_ROW

GRANT_ROW = re.compile(
    r"^\| `(google_\w+_(?:iam_(?:member|binding)|dataset_access))\.(\w+)`"
    r" \| `([^`]+)` \| [^|]+ \| ([^|]+) \| [^|]+ \| [^|]+ \|$",
    re.M,
)
NAMED = ("google_cloudfunctions2_function", "google_cloud_scheduler_job")
EXAMPLES = sorted((*(TERRAFORM / "examples").glob("*.tfvars.example"), TERRAFORM / "terraform.tfvars.example"))
# Both providers, with and without secrets, with a schedule and an event stream, and with a key: every grant.
EVERYTHING = TERRAFORM / "examples" / "several-sources.tfvars.example"
# And a bucket that exists already, and a key for the functions.
OF_THE_CUSTOMER = (
    '-var=existing={landing_buckets={azure="acme-own-landing"}}',
    "-var=functions_kms_key=projects/acme-keys/locations/europe-west4/keyRings/code/cryptoKeys/functions",
)
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
    return terraform.plan(f"-var-file={EVERYTHING}", *OF_THE_CUSTOMER)


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

    build = conditions.pop("module.loader.google_project_iam_member.build_source")
    leases = conditions.pop("module.loader.google_storage_bucket_iam_member.loader_leases")

    assert conditions == {}
    assert holds(build, "projects/_/buckets/gcf-v2-sources-987214032843-europe-west4/objects/a/function.zip")
    assert not holds(build, "projects/_/buckets/acme-billing-landing-aws/objects/gcf-v2-sources-1/a.csv")

    books = f"projects/_/buckets/{everything.document['planned_values']['outputs']['bookkeeping_bucket']['value']}"
    used = ["leases/billing.aws_cur/2025-09.json", "owners/billing.aws_cur.txt", "sweeps/notes.json"]

    assert [name for name in used if not holds(leases, f"{books}/objects/{name}")] == []
    assert holds(leases, books), "to list objects, IAM looks at the bucket"
    assert not holds(leases, f"{books}/objects/functions/0a.zip")


@pytest.mark.parametrize(
    "wrong", ['resource.name.startsWith("a"', 'resource.nam == "a"', "resource.name", 'resource.name.beginsWith("a")']
)
def test_a_wrong_condition_is_no_condition(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no condition"):
        holds(wrong, "projects/_/buckets/b")


def test_planned_waits_equal_the_table_in_the_readme(everything: Plan) -> None:
    waits = {re.sub(r"\[[^]]*\]", "", name): name for name in everything.changes if ".time_sleep." in f".{name}"}
    rows = WAIT_ROW.findall((TERRAFORM / "README.md").read_text())

    planned = {wait: everything.planned(address)["create_duration"] for wait, address in waits.items()}

    assert planned == {name: f"{seconds}s" for name, seconds in rows}


def test_monitoring_names_the_functions_and_the_schedule_of_the_loader(everything: Plan) -> None:
    """Its names are computed, so that the metrics do not wait for the functions."""
    kinds = {change["address"]: change["type"] for change in everything.document["resource_changes"]}
    named = {kind: sorted(everything.planned(one)["name"] for one in kinds if kinds[one] == kind) for kind in NAMED}
    lines = everything.planned("module.monitoring.google_logging_metric.age")["filter"]
    failed = everything.planned('module.monitoring.google_logging_metric.counters["failures"]')["filter"]
    refused = everything.planned('module.monitoring.google_monitoring_alert_policy.lines["failed"]')["conditions"][0]

    functions = " OR ".join(f'"{name}"' for name in named["google_cloudfunctions2_function"])

    assert f"service_name=({functions})" in lines
    assert f"service_name=({functions})" in failed
    assert f'job_id="{named["google_cloud_scheduler_job"][0]}"' in refused["condition_matched_log"][0]["filter"]


def test_golden_files_cover_the_root_except_what_their_readme_lists(everything: Plan) -> None:
    known = golden_paths()
    changes = [one for one in everything.document["resource_changes"] if one["type"].startswith("google_")]
    planned = {(one["type"], path) for one in changes for path in set_paths(one["change"]["after"])}
    rows = re.findall(r"^\| `(google_\w+)` \| (.+) \|$", (GOLDEN / "README.md").read_text(), re.M)
    listed = {kind: re.findall(r"`([^`]+)`", names) or [""] for kind, names in rows}

    missing = {(kind, path) for kind, path in planned if path not in known.get(kind, set())}
    unlisted = {one for one in missing if not one[1].startswith(tuple(listed.get(one[0], ["no path"])))}

    assert unlisted == set(), "add the arguments to golden/README.md"
    assert {kind for kind, _ in missing} == listed.keys()


def test_channels_are_created_before_they_are_destroyed() -> None:
    """Otherwise an address could never be removed from the alerts: see test_standin_destroy.py."""
    text = (TERRAFORM / "modules" / "monitoring" / "channels.tf").read_text()

    assert re.search(r"lifecycle \{\s+create_before_destroy = true\s+\}", text)
    assert re.search(r"^  force_delete = true ", text, re.M)


def test_no_grant_of_an_agent_can_be_destroyed() -> None:
    """A plan does not show it. Other systems of the project live on these grants."""
    text = (TERRAFORM / "modules" / "project" / "iam-agents.tf").read_text()
    grants = re.findall(r'^resource "\w+" "(\w+)" \{(.*?)^\}', text, re.M | re.S)

    assert len(grants) == 8
    assert [name for name, body in grants if not re.search(r"lifecycle \{\s+prevent_destroy = true\s+\}", body)] == []


def test_functions_name_the_generation_of_their_zip() -> None:
    """Its number is unknown at plan. Without it, the provider sends the generation of the old zip with the new name."""
    text = (TERRAFORM / "modules" / "loader" / "functions.tf").read_text()

    assert len(re.findall(r"= google_storage_bucket_object\.functions\.name$", text, re.M)) == 2
    assert len(re.findall(r"generation = google_storage_bucket_object\.functions\.generation ", text)) == 2


def test_zip_of_the_functions_stays_until_they_name_another(everything: Plan) -> None:
    """A saved plan without its zip would delete the old one, and then fail."""
    zipped = everything.planned("module.loader.google_storage_bucket_object.functions")

    assert zipped["deletion_policy"] == "ABANDON"


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
        add_an_api(terraform)
        third = terraform.plan(f"-var-file={EVERYTHING}")

    outputs = plan.document["output_changes"].items()
    planned = {name: output["after"] for name, output in outputs if output["after_unknown"] is False}

    assert planned.keys() >= {"bookkeeping_bucket", "environment", "landing_buckets", "service_accounts"}
    assert {name: made[name] for name in planned} == planned
    assert second.changes == {}
    assert third.changes == {  # no grant is replaced, so nothing stands still
        'module.project.google_project_service.services["vpcaccess.googleapis.com"]': ("create",),
        "module.project.time_sleep.services[0]": ("create", "delete"),
    }


def add_an_api(terraform: Terraform) -> None:
    """The data sources of the agents, which wait for the APIs, are then read during apply."""
    file = terraform.root / "modules/project/main.tf"
    file.write_text(file.read_text().replace('"storagetransfer",\n', '"storagetransfer", "vpcaccess",\n'))


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
