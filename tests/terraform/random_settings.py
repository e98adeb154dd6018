"""Settings of the root by chance: any source with any fields, and everything else that may change later."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from tests.support.paths import SCHEMAS

Settings = dict[str, Any]

_FIXED: Settings = {
    "project_id": "acme-billing",
    "region": "europe-west4",
    "bigquery_location": "EU",
    "deletion_protection": False,
}
_FORMATS = json.loads((SCHEMAS / "formats.json").read_text())
_KMS_KEY = "projects/acme/locations/europe/keyRings/data/cryptoKeys/billing"
_SECRET = "projects/987654321098/secrets/billing"
_FUNCTIONS_KEY = "projects/acme/locations/europe-west4/keyRings/code/cryptoKeys/functions"
_POOL = "projects/acme/locations/europe-west4/workerPools/builds"
_CONNECTOR = {"connector": "projects/acme/locations/europe-west4/connectors/billing"}
DIRECT_EGRESS = {"subnetwork": "projects/acme/regions/europe-west4/subnetworks/billing", "all_traffic": True}
_KEYS = {"aws": ("cur", "focus", "payer"), "azure": ("actual", "focus", "team")}
_IDENTITY = {
    "client_id": "11111111-2222-3333-4444-555555555555",
    "tenant_id": "66666666-7777-8888-9999-000000000000",
}
# The fields that may be empty, with their empty value.
_EMPTY_SOURCE: Settings = {
    "dataset_id": None,
    "event_stream": None,
    "path": "",
    "table_name": None,
    "type_overrides": {},
}
_EMPTY: Settings = {
    "build_worker_pool": None,
    "focus_dataset": None,
    "functions_kms_key": None,
    "google_billing_export": None,
    "kms_key": None,
    "labels": {},
    "network": None,
    "notification_emails": [],
}


def random_settings(random: Random) -> Settings:
    aws = {key: _aws(random, key) for key in _some(random, _KEYS["aws"])}
    azure = {key: _azure(random, key) for key in _some(random, _KEYS["azure"])}
    if not aws and not azure:
        aws = {"cur": _aws(random, "cur")}
    days = random.choice([0, 7, 90])
    return {
        **_FIXED,
        "aws_sources": aws,
        "azure_sources": azure,
        "build_worker_pool": random.choice([None, _POOL]),
        "focus_dataset": random.choice([None, "finops"]),
        "freshness_hours": random.choice([24, 36]),
        "functions_kms_key": random.choice([None, _FUNCTIONS_KEY]),
        "google_billing_export": random.choice([None, "acme-admin.exports.one", "acme-admin.other.two"]),
        "ingress_settings": random.choice(["ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB"]),
        "kms_key": random.choice([None, _KMS_KEY]),
        "labels": random.choice([{}, {"team": "finops"}, {"team": "", "stage": "test"}]),
        "landing_versioning": random.choice([False, True]),
        "network": random.choice([None, _CONNECTOR, DIRECT_EGRESS]),
        "notification_emails": _some(random, ("a@example.com", "b@example.com")),
        "soft_delete_days": days,
        "strip_basic_roles": random.choice([False, True]),
    }


def full_settings() -> Settings:
    """Return settings of both providers in which nothing is empty."""
    full = {"dataset_id": "costs", "path": "exports/", "shrink_percent": 20, "type_overrides": {"a": "STRING"}}
    aws = {**_aws(Random(0), "cur"), **full, "event_stream": _queue("cur"), "table_name": "months"}
    azure = {**_azure(Random(0), "team"), **full, "event_stream": None, "table_name": None}
    return {
        **random_settings(Random(0)),
        "aws_sources": {"cur": aws},
        "azure_sources": {"team": azure},
        "build_worker_pool": _POOL,
        "focus_dataset": "finops",
        "functions_kms_key": _FUNCTIONS_KEY,
        "google_billing_export": "acme-admin.exports.one",
        "kms_key": _KMS_KEY,
        "labels": {"team": "finops"},
        "network": _CONNECTOR,
        "notification_emails": ["a@example.com"],
    }


def emptied_settings() -> Settings:
    """Return settings without AWS, with one more Azure source, and with everything empty that may be empty."""
    full = full_settings()
    team = {**full["azure_sources"]["team"], **_EMPTY_SOURCE}
    return {**full, **_EMPTY, "aws_sources": {}, "azure_sources": {"team": team, "focus": _azure(Random(1), "focus")}}


def _aws(random: Random, key: str) -> Settings:
    keyless = random.choice([True, False])
    return {
        **_source(random, key, "aws"),
        "bucket": f"acme-{key}",
        "credentials_secret": None if keyless else _SECRET,
        "event_stream": random.choice([None, _queue(key)]),
        "role_arn": f"arn:aws:iam::123456789012:role/{key}" if keyless else None,
    }


def _azure(random: Random, key: str) -> Settings:
    keyless = random.choice([True, False])
    source = _source(random, key, "azure")
    versions = _FORMATS[source["format"]]["versions"]
    return {
        **source,
        "container": key,
        "credentials_secret": None if keyless else _SECRET,
        "event_stream": random.choice([None, f"acmebilling.queue.core.windows.net/{key}"]),
        "federated_identity": _IDENTITY if keyless else None,
        "focus_version": random.choice(versions) if versions else None,
        "storage_account": "acmebilling",
    }


def _source(random: Random, key: str, provider: str) -> Settings:
    return {
        "dataset_id": random.choice([None, "costs"]),
        "export_name": random.choice(["acme-export", "second"]),
        "format": random.choice([name for name, one in _FORMATS.items() if one["provider"] == provider]),
        "on_shrink": random.choice(["alert", "hold"]),
        "path": random.choice(["", "exports/", "a/b/"]),
        "schedule_hours": random.choice([1, 24]),
        "settle_hours": random.choice([0, 3, 6.5]),
        "shrink_percent": random.choice([0, 20, 100]),
        "table_name": random.choice([None, f"renamed_{provider}_{key}"]),
        "type_overrides": random.choice([{}, {"product/ECU": "STRING"}]),
    }


def _queue(key: str) -> str:
    return f"arn:aws:sqs:eu-west-1:123456789012:{key}"


def _some(random: Random, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if random.random() < 0.5]
