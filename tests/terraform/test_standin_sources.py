"""The stand-ins of AWS and Azure: what they refuse, and the values that they invent."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.emulator.terraform_provider.facts import facts
from tests.emulator.terraform_provider.messages import MESSAGES
from tests.emulator.terraform_provider.source_providers import SOURCE_PROVIDERS, SourceProvider, check_body
from tests.emulator.terraform_provider.values import ProviderError, encode

ACCOUNT = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Storage/storageAccounts/acmebilling"
BODY: dict[str, Any] = {
    "properties": {
        "compressionMode": "snappy",
        "definition": {"dataSet": {"granularity": "Daily"}, "timeframe": "MonthToDate", "type": "FocusCost"},
        "deliveryInfo": {"destination": {"container": "exports", "resourceId": ACCOUNT, "type": "AzureBlob"}},
        "format": "Parquet",
        "partitionData": True,
        "schedule": {"recurrence": "Daily", "recurrencePeriod": {"from": "2026-12-01T00:00:00Z"}, "status": "Active"},
    }
}


def export_with(path: str, value: Any) -> dict[str, Any]:
    """Return an azapi resource whose body differs in one place. A value of None removes the place."""
    body = copy.deepcopy(BODY)
    *parents, last = path.split(".")
    holder = body["properties"]
    for parent in parents:
        holder = holder[parent]
    holder.pop(last, None)
    if value is not None:
        holder[last] = value
    kind = "Microsoft.CostManagement/exports@2025-03-01"
    return {"schema_validation_enabled": True, "type": kind, "body": [b'"dynamic"', body]}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("definition.type", "Focus", "definition.type"),
        ("definition.timeframe", None, "timeframe"),
        ("compressionMode", "gzip", "compressionMode"),
        ("dataset", {}, "dataset"),
        ("deliveryInfo.destination.resourceId", "acmebilling", "resourceId"),
        ("schedule.recurrencePeriod.from", "tomorrow", "recurrencePeriod.from"),
        ("partitionData", "true", "partitionData"),
    ],
)
def test_body_that_the_exports_api_does_not_have_is_refused(path: str, value: Any, message: str) -> None:
    with pytest.raises(ProviderError, match="not valid against the schema") as refused:
        check_body(export_with(path, value))

    assert message in refused.value.detail


def test_body_of_an_export_is_accepted_and_other_types_are_refused() -> None:
    export = export_with("format", "Parquet")
    other = {**export, "type": "Microsoft.Storage/storageAccounts@2024-01-01"}

    check_body(export)
    with pytest.raises(ProviderError, match=r"does not know Microsoft\.Storage/storageAccounts@2024-01-01"):
        check_body(other)


@pytest.mark.parametrize("provider", SOURCE_PROVIDERS)
def test_schemas_of_the_source_providers_name_their_source(provider: str) -> None:
    known = facts(provider)
    answer = SourceProvider(provider, "7.46.1", {}).method("GetProviderSchema")(None)

    assert {entry.key for entry in answer.resource_schemas} == set(known.resources)
    assert known.version.count(".") == 2
    assert all(name.startswith(provider) for name in known.resources)


def test_attributes_in_attributes_keep_their_shape() -> None:
    answer = SourceProvider("azapi", "7.46.1", {}).method("GetProviderSchema")(None)
    attributes = {one.name: one for one in answer.resource_schemas[0].value.block.attributes}

    retry = attributes["retry"].nested_type
    assert (retry.nesting, next(one.name for one in retry.attributes)) == (1, "error_message_regex")
    assert attributes["body"].type == b'"dynamic"'


def test_region_of_the_exports_does_not_replace_that_of_resources() -> None:
    provider = SourceProvider("aws", "7.46.1", {})
    configure = provider.method("ConfigureProvider")

    for region in ("eu-west-1", "us-east-1"):
        config = encode({"region": region, "allowed_account_ids": ["210987654321"]})
        configure(MESSAGES["ConfigureRequest"](config=config))
    queue = facts("aws").resources["aws_sqs_queue"]

    known = provider._known(queue, {"name": "billing"})
    assert (known["region"], known["account_id"]) == ("eu-west-1", "210987654321")
