"""Mistakes in variables fail at plan, each with a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.emulator.terraform_provider import Terraform, TerraformError
from tests.support.paths import TERRAFORM
from tests.support.terraform_deployment import AWS_SOURCES, AZURE_SOURCES

CUR, FOCUS = AWS_SOURCES["cur"], AZURE_SOURCES["focus"]
RIGHT: Mapping[str, Any] = {
    "project_id": "acme-billing",
    "region": "europe-west1",
    "bigquery_location": "europe-west1",
    "aws_sources": AWS_SOURCES,
    "azure_sources": AZURE_SOURCES,
}
# Terraform reports the mistakes of single variables together, and those of combinations only after that.
WRONG: Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
    "a value": (
        {
            "bigquery_location": "US",
            "aws_sources": {
                "slash": {**CUR, "bucket": "one", "path": "exports/aws"},
                "format": {**CUR, "bucket": "two", "format": "aws_cur_v9_avro"},
                "arn": {**CUR, "bucket": "three", "role_arn": "billing-transfer"},
                "overlap": {**CUR, "path": "exports/"},
                "overlapped": {**CUR, "path": "exports/aws/"},
                "dataset": {**CUR, "bucket": "four", "dataset_id": "Billing__Data"},
                "table": {**CUR, "bucket": "five", "table_name": "aws-cur"},
                "wildcard": {**CUR, "bucket": "six", "export_name": "acme-*"},
            },
            "azure_sources": {
                "slash": {**FOCUS, "container": "one", "path": "exports/azure"},
                "format": {**FOCUS, "container": "two", "format": "azure_avro"},
                "overlap": {**FOCUS, "path": ""},
                "overlapped": FOCUS,
                "dataset": {**FOCUS, "container": "three", "dataset_id": "billing_"},
                "guid": {**FOCUS, "container": "four", "federated_identity": {"client_id": "app", "tenant_id": "acme"}},
            },
        },
        (
            "A path in aws_sources has a wrong form: write it like exports/aws/, with '/' at the end",
            "A format in aws_sources is unknown: use one of ",
            "A role_arn in aws_sources is not the ARN of a role: write it like arn:aws:iam::123456789012:role/",
            "Two sources in aws_sources have overlapping paths in one bucket: choose paths so that none begins with",
            "A dataset_id in aws_sources has a wrong form: use lower case letters, digits and single underscores",
            "An export_name in aws_sources is empty or contains a space or one of / * ? [ ] #: use the name",
            "If that name contains *, create the export again with another name",
            "A table_name in aws_sources has a wrong form or is billing_status, the name of a view",
            "A path in azure_sources has a wrong form: write it like exports/azure/, with '/' at the end",
            "A format in azure_sources is unknown: use one of ",
            "Two sources in azure_sources have overlapping paths in one container: choose paths so that none begins",
            "A dataset_id in azure_sources has a wrong form: use lower case letters, digits and single underscores",
            "A client_id or tenant_id in azure_sources is not a GUID",
            "bigquery_location and region do not match: with EU use a region in the European Union",
        ),
    ),
    "no source": (
        {"aws_sources": {}, "azure_sources": {}},
        ("No source is configured: add at least one entry to aws_sources or azure_sources",),
    ),
    "one table": (
        {"aws_sources": {"cur": {**CUR, "table_name": "azure_focus"}}},
        ("Two sources use the same table name: give each source its own table_name or dataset_id",),
    ),
}


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    with Terraform(TERRAFORM, tmp_path_factory.mktemp("mistakes")) as planning:
        planning.init()
        yield planning


@pytest.mark.parametrize("group", WRONG)
def test_mistake_fails_at_plan_and_says_what_to_do(terraform: Terraform, group: str) -> None:
    mistakes, sentences = WRONG[group]
    terraform.variables = {**RIGHT, **mistakes}

    with pytest.raises(TerraformError) as failed:
        terraform.plan()

    assert [sentence for sentence in sentences if sentence not in str(failed.value)] == []
