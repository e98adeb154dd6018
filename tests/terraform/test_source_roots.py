"""The roots of the AWS and the Azure side: native tests, mistakes, policies and columns.

`test_getting_started.py` applies them with their defaults.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from billing.formats import FORMATS
from tests.emulator.terraform_provider import Terraform, TerraformError
from tests.emulator.terraform_provider.state import resources
from tests.support.paths import ROOT, SCHEMAS
from tests.support.source_side import AWS_SIDE, AZURE_SIDE, SOURCE_SIDES, source_root, source_sides

CHECKERS = ROOT / ".venv-checkov/bin"
GUID = "11111111-2222-3333-4444-555555555555"
SENTENCE = re.compile(r'^    error_message = "(.*)"$', re.MULTILINE)
COLUMNS = json.loads((source_root("aws") / "columns.json").read_text())
DICTIONARIES = {
    "COST_AND_USAGE_REPORT": "aws_cur_v2_dictionary.json",
    "FOCUS_1_0_AWS": "aws_focus_dictionary.json",
    "FOCUS_1_2_AWS": "aws_focus_dictionary.json",
}
ALL_OF_AWS: Mapping[str, Any] = {
    **AWS_SIDE,
    "kms_key_arn": f"arn:aws:kms:us-east-1:123456789012:key/{GUID}",
    "exports": {
        "cur": {"events": True, "split_cost_allocation": True, "iam_principals": True},
        "focus": {"kind": "focus_1_2", "events": True},
        "legacy": {"kind": "cur_v1", "file_format": "csv"},
    },
}
# Terraform reports all mistakes of one plan together. Some rules need a plan of their own.
MISTAKES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "aws": (
        {
            "account_id": "1234",
            "billing_view_arn": "primary",
            "bucket": "s3://acme",
            "create_bucket": False,
            "google_subject_id": "12a",
            "kms_key_arn": "arn:aws:kms:us-east-1:123456789012:alias/billing",
            "permissions_boundary": "boundary",
            "region": "cn-north-1",
            "retention_days": 30,
            "role_name": "billing transfer",
            "tags": {"aws:owner": "finops"},
            "exports": {
                "Wrong-Key": {},
                "kind": {"kind": "cur_3"},
                "file_format": {"file_format": "zip"},
                "delivery": {"delivery": "append"},
                "granularity": {"granularity": "weekly"},
                "granularity_of_focus": {"kind": "focus_1_0", "granularity": "hourly"},
                "name": {"name": "acme/cur"},
                "same": {"name": "billing-other"},
                "other": {},
                "slash": {"prefix": "/exports/"},
                "outer": {"prefix": "cur"},
                "inner": {"prefix": "cur/inner"},
                "principals": {"kind": "focus_1_2", "iam_principals": True},
                "split": {"kind": "focus_1_2", "split_cost_allocation": True},
                "configuration": {"kind": "cur_v1", "table_configuration": {"TIME_GRANULARITY": "DAILY"}},
                "events": {"events": True},
            },
        },
        {"region": "us-gov-west-1", "exports": {}},
        {"region": "eusc-de-east-1"},
    ),
    "azure": (
        {
            "application": {"client_id": "app", "principal_id": GUID},
            "container": "Exports",
            "google_subject_id": "12a",
            "location": "West Europe",
            "resource_group": "group.",
            "retention_days": 89.5,
            "storage_account": "acme-billing",
            "subscription_id": "acme",
            "tags": {"a/b": "c"},
            "exports": {
                "Wrong-Key": {},
                "type": {"type": "usage"},
                "file_format": {"file_format": "zip"},
                "delivery": {"delivery": "append"},
                "name": {"name": "x"},
                "same": {"name": "billing-other"},
                "other": {},
                "slash": {"prefix": "exports/azure/"},
                "outer": {"prefix": "focus"},
                "inner": {"prefix": "focus/inner"},
                "management": {"scope": "/providers/Microsoft.Management/managementGroups/acme"},
                "scope": {"scope": f"subscriptions/{GUID}"},
                "version": {"version": "2.0"},
                "version_of_actual": {"type": "actual", "version": "1.2-preview"},
            },
        },
        {
            "location": "usgovvirginia",
            "managed_identity": True,
            "exports": {"focus": {"scope": "/providers/Microsoft.Billing/billingAccounts/1234567"}},
        },
        {"allowed_ips": ["203.0.113.0/31"]},
        {"exports": {}},
    ),
}

# What the sentences say to write instead.
MENDED: Mapping[str, Mapping[str, Any]] = {
    "aws": {
        "billing_view_arn": "arn:aws:billing::123456789012:billingview/primary",
        "kms_key_arn": f"arn:aws:kms:eu-west-1:123456789012:key/{GUID}",
        "permissions_boundary": "arn:aws:iam::123456789012:policy/boundary",
        "region": "eu-west-1",
        "retention_days": 90,
        "exports": {
            "cur": {"prefix": "exports/aws", "events": True, "granularity": "monthly"},
            "focus": {"kind": "focus_1_2", "granularity": "hourly"},
            "legacy": {"kind": "cur_v1", "delivery": "overwrite"},
        },
    },
    "azure": {
        "allowed_ips": ["203.0.113.7", "203.0.113.0/24"],
        "application": dict.fromkeys(("client_id", "principal_id"), GUID),
        "location": "eastus2",
        "managed_identity": True,
        "retention_days": None,
        "exports": {
            "focus": {"prefix": "exports/azure", "version": "1.0r2"},
            "actual": {"type": "actual", "version": "2021-10-01", "scope": f"/subscriptions/{GUID}/resourceGroups/Web"},
        },
    },
}


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Terraform]]:
    with source_sides(tmp_path_factory.mktemp("sides")) as both:
        yield both


@pytest.fixture(scope="module")
def planned(sides: dict[str, Terraform]) -> dict[str, Any]:
    """Return the planned values of an AWS side that has everything."""
    sides["aws"].variables = dict(ALL_OF_AWS)
    changes = sides["aws"].plan().document["resource_changes"]
    return {change["address"]: change["change"]["after"] for change in changes}


@pytest.mark.parametrize("side", SOURCE_SIDES)
def test_source_root_is_valid_and_its_native_tests_pass(sides: dict[str, Terraform], side: str) -> None:
    terraform = sides[side]

    terraform.run("fmt", "-check", "-recursive", "-diff")
    terraform.validate()
    outcome = terraform.test()

    assert "7 passed, 0 failed" in outcome.output


@pytest.mark.parametrize("side", SOURCE_SIDES)
def test_each_mistake_ends_the_plan_with_its_sentence(sides: dict[str, Terraform], side: str) -> None:
    variables = (source_root(side) / "variables.tf").read_text()
    sentences = {" ".join(sentence.replace("\\\\", "\\").split()) for sentence in SENTENCE.findall(variables)}
    right = {"aws": AWS_SIDE, "azure": AZURE_SIDE}[side]

    found = set[str]()
    for mistakes in MISTAKES[side]:
        sides[side].variables = {**right, **mistakes}
        with pytest.raises(TerraformError) as failed:
            sides[side].plan()
        found |= {sentence for sentence in sentences if sentence in str(failed.value)}

    assert len(sentences) == {"aws": 27, "azure": 26}[side]
    assert sentences - found == set()


@pytest.mark.parametrize("side", SOURCE_SIDES)
def test_values_that_the_sentences_propose_are_planned(sides: dict[str, Terraform], side: str) -> None:
    right = {"aws": AWS_SIDE, "azure": AZURE_SIDE}[side]
    sides[side].variables = {**right, **MENDED[side]}

    assert sides[side].plan().has_changes


@pytest.mark.parametrize("side", SOURCE_SIDES)
def test_example_of_each_side_is_planned_without_a_warning(sides: dict[str, Terraform], side: str) -> None:
    plan = sides[side].run("plan", "-no-color", "-input=false", "-var-file=terraform.tfvars.example")

    assert "0 to change, 0 to destroy." in plan.output
    assert "Warning" not in plan.output


def test_formats_and_versions_that_the_sides_name_are_supported() -> None:
    aws, azure = ((source_root(side) / "main.tf").read_text() for side in SOURCE_SIDES)
    variables = (source_root("azure") / "variables.tf").read_text()
    stems = set(re.findall(r'format = "(aws_\w+)"', aws))
    stems |= {f"azure_{name}" for name in re.findall(r'(\w+) += "\w+Cost"', azure)}
    rule = next(line for line in variables.splitlines() if "export.version" in line and '"focus"' in line)
    versions = set(re.findall(r'"(\d[^"]*)"', rule))

    assert {f"{stem}_{kind}" for stem in stems for kind in ("csv", "parquet")} == set(FORMATS)
    assert "1.2-preview" in versions
    assert versions <= set(FORMATS["azure_focus_parquet"].versions)


def test_second_plan_is_empty_and_a_change_begins_a_new_schedule(sides: dict[str, Terraform]) -> None:
    """Azure refuses a schedule that has begun, of an export that is changed and of one that is created again."""
    everything = {"managed_identity": True, "exports": {"focus": {"events": True}}}
    changed = [
        {**everything, "exports": {"focus": {"events": True, "file_format": "csv"}}},
        {**everything, "exports": {"focus": {"events": True, "name": "other"}}},
        {**everything, "managed_identity": False},
    ]
    again = re.findall(r"terraform apply( -replace='time_.*?)`", (source_root("azure") / "README.md").read_text())
    terraform = sides["azure"]

    terraform.variables = {**AZURE_SIDE, **everything}
    terraform.apply()
    assert terraform.plan().changes == {}
    replaced = [set(terraform.plan(*shlex.split(options)).changes) for options in again]
    changes = []
    for settings in changed:
        terraform.variables = {**AZURE_SIDE, **settings}
        changes.append(terraform.plan().changes)
    made = {one["address"]: one for one in terraform.show_json()["values"]["root_module"]["resources"]}
    terraform.destroy()

    export, first_day = 'azapi_resource.exports["focus"]', 'time_static.first_run["focus"]'
    assert replaced == [{export, first_day}] * 2
    assert changes[0] == {export: ("update",), first_day: ("delete", "create")}
    assert [one.get(first_day) for one in changes] == [("delete", "create")] * 3
    assert "azurerm_storage_container.exports" in made[first_day]["depends_on"]
    assert resources(terraform.show_json()) == []


def test_linters_accept_the_policies_and_exports_of_aws(planned: dict[str, Any], tmp_path: Path) -> None:
    template = cloudformation(planned)
    (tmp_path / "template.json").write_text(json.dumps(template))
    (tmp_path / "policies").mkdir()
    for name, document in permissions(planned).items():
        (tmp_path / "policies" / f"{name}.json").write_text(document)

    found = [*lint("cfn-lint", "--regions", "us-east-1", "--format", "parseable", str(tmp_path / "template.json"))]
    found += lint("parliament", "--directory", str(tmp_path / "policies"))

    assert len(template["Resources"]) == 6
    assert len(list((tmp_path / "policies").iterdir())) == 4
    assert found == []


def test_policies_of_aws_let_in_one_account_and_one_subject(planned: dict[str, Any]) -> None:
    """The linters accept a statement without a condition, which would let in every account."""
    account, bucket = AWS_SIDE["account_id"], f"arn:aws:s3:::{AWS_SIDE['bucket']}"
    services = {
        "bcm-data-exports.amazonaws.com": ("ArnLike", [f"arn:aws:bcm-data-exports:us-east-1:{account}:export/*"]),
        "billingreports.amazonaws.com": ("ArnLike", [f"arn:aws:cur:us-east-1:{account}:definition/*"]),
        "s3.amazonaws.com": ("ArnEquals", bucket),
    }
    trust = json.loads(planned["aws_iam_role.transfer"]["assume_role_policy"])["Statement"]
    policies = [planned[one]["policy"] for one in planned if re.match(r"aws_(s3_bucket|sqs_queue)_policy\.", one)]
    statements = [one for policy in policies for one in json.loads(policy)["Statement"]]
    allowed = [one for one in statements if one["Effect"] == "Allow"]
    denied = [(one["Principal"], one["Condition"]) for one in statements if one not in allowed]

    assert [one["Condition"] for one in trust] == [
        {"StringEquals": {"accounts.google.com:sub": AWS_SIDE["google_subject_id"]}}
    ]
    assert {one["Principal"]["Service"] for one in allowed} == services.keys()
    for one in allowed:
        operator, source = services[one["Principal"]["Service"]]
        assert one["Condition"] == {
            operator: {"aws:SourceArn": source},
            "StringEquals": {"aws:SourceAccount": account},
        }
    assert denied == [("*", {"Bool": {"aws:SecureTransport": "false"}})]


@pytest.mark.parametrize("table", DICTIONARIES)
def test_each_column_that_an_export_asks_for_is_known(table: str) -> None:
    asked = [column for group in COLUMNS[table].values() for column in group]
    dictionary = json.loads((SCHEMAS / DICTIONARIES[table]).read_text())

    assert sorted(set(asked) - set(dictionary)) == []
    assert (
        len(asked) == len(set(asked)) == {"COST_AND_USAGE_REPORT": 130, "FOCUS_1_0_AWS": 48, "FOCUS_1_2_AWS": 60}[table]
    )


def test_default_export_has_every_column_that_focus_costs_reads(sides: dict[str, Terraform]) -> None:
    sides["aws"].variables = dict(AWS_SIDE)
    mapping = (SCHEMAS / "focus_from_aws_cur.json").read_text()
    dictionary = json.loads((SCHEMAS / "aws_cur_v2_dictionary.json").read_text())
    used = {column for column in dictionary if "*" not in column and re.search(rf"\b{column}\b", mapping)}

    change = next(c for c in sides["aws"].plan().document["resource_changes"] if "bcmdata" in c["address"])
    query = change["change"]["after"]["export"][0]["data_query"][0]["query_statement"]
    asked = set(query.removeprefix("SELECT ").removesuffix(" FROM COST_AND_USAGE_REPORT").split(", "))

    assert len(used) > 50
    assert sorted(used - asked) == []


def lint(program: str, *arguments: str) -> list[str]:
    """Return the findings, one per line."""
    run = subprocess.run([CHECKERS / program, *arguments], capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode in (0, 1) or run.stdout, run.stderr
    return run.stdout.splitlines()


def permissions(planned: Mapping[str, Any]) -> dict[str, str]:
    """Return the policies that parliament knows, by name. It takes a trust policy for a malformed one."""
    return {
        address.partition(".")[0] + str(number): values["policy"]
        for number, (address, values) in enumerate(planned.items())
        if address.startswith(("aws_iam_role_policy.", "aws_s3_bucket_policy.", "aws_sqs_queue_policy."))
    }


def cloudformation(planned: Mapping[str, Any]) -> dict[str, Any]:
    """Write the planned resources that have policies or exports as a template, so that cfn-lint can check them."""
    role, policy = planned["aws_iam_role.transfer"], planned["aws_iam_role_policy.transfer"]
    bucket = planned['aws_s3_bucket_policy.exports["exports"]']
    parts: dict[str, tuple[str, Any]] = {
        "Role": (
            "AWS::IAM::Role",
            {
                "AssumeRolePolicyDocument": json.loads(role["assume_role_policy"]),
                "Policies": [{"PolicyName": policy["name"], "PolicyDocument": json.loads(policy["policy"])}],
                "RoleName": role["name"],
            },
        ),
        "BucketPolicy": (
            "AWS::S3::BucketPolicy",
            {"Bucket": AWS_SIDE["bucket"], "PolicyDocument": json.loads(bucket["policy"])},
        ),
        "Queue": (
            "AWS::SQS::QueuePolicy",
            {
                "PolicyDocument": json.loads(planned['aws_sqs_queue_policy.events["cur"]']["policy"]),
                "Queues": ["https://sqs.us-east-1.amazonaws.com/123456789012/billing-transfer-cur"],
            },
        ),
        "Report": ("AWS::CUR::ReportDefinition", report(planned['aws_cur_report_definition.reports["legacy"]'])),
    }
    for key in ("cur", "focus"):
        exports = planned[f'aws_bcmdataexports_export.exports["{key}"]']["export"]
        parts[f"Export{key.title()}"] = ("AWS::BCMDataExports::Export", {"Export": data_export(exports[0])})
    resources = {name: {"Type": kind, "Properties": properties} for name, (kind, properties) in parts.items()}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def data_export(export: Mapping[str, Any]) -> dict[str, Any]:
    query = export["data_query"][0]
    destination = export["destination_configurations"][0]["s3_destination"][0]
    output = destination["s3_output_configurations"][0]
    return {
        "Name": export["name"],
        "DataQuery": {
            "QueryStatement": query["query_statement"],
            "TableConfigurations": query["table_configurations"],
        },
        "DestinationConfigurations": {
            "S3Destination": {
                "S3Bucket": destination["s3_bucket"],
                "S3Prefix": destination["s3_prefix"],
                "S3Region": destination["s3_region"],
                "S3OutputConfigurations": {camel(name): value for name, value in output.items()},
            }
        },
        "RefreshCadence": {"Frequency": export["refresh_cadence"][0]["frequency"]},
    }


def report(definition: Mapping[str, Any]) -> dict[str, Any]:
    names = ("compression", "format", "refresh_closed_reports", "report_name", "report_versioning", "time_unit")
    places = {"S3Bucket": "s3_bucket", "S3Prefix": "s3_prefix", "S3Region": "s3_region"}
    return {
        **{camel(name): definition[name] for name in names},
        **{name: definition[attribute] for name, attribute in places.items()},
        "AdditionalSchemaElements": definition["additional_schema_elements"],
    }


def camel(name: str) -> str:
    return "".join(word.title() for word in name.split("_"))
