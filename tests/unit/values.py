"""Two sources, their golden manifests, and helpers for unit tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing.errors import BillingError
from billing.manifests import Export, Manifest, parse
from billing.settings import Settings, Source, read_settings

Change = Callable[[Any], object]  # of the tree of a manifest, in place
MANIFESTS = Path(__file__).parent / "manifests" / "golden"
GENERATION = 1758000000000001
ENVIRONMENT = {
    "DESTINATION__BIGQUERY__PROJECT_ID": "example-project",
    "DESTINATION__BIGQUERY__LOCATION": "europe-west1",
    "BOOKKEEPING_BUCKET": "example-books",
    "SOURCES__AWS_CUR__BUCKET": "example-landing-aws",
    "SOURCES__AWS_CUR__PREFIX": "gcs-transfer/aws_cur/",
    "SOURCES__AWS_CUR__SOURCE_PATH": "cur/",
    "SOURCES__AWS_CUR__FORMAT": "aws_cur_v1_csv",
    "SOURCES__AWS_CUR__EXPORT_NAME": "cur-demo",
    "SOURCES__AWS_CUR__DATASET": "billing",
    "SOURCES__AWS_CUR__TABLE_NAME": "aws_cur",
    "SOURCES__AZURE_BILLING__BUCKET": "example-landing-azure",
    "SOURCES__AZURE_BILLING__PREFIX": "azure/",
    "SOURCES__AZURE_BILLING__FORMAT": "azure_focus_parquet",
    "SOURCES__AZURE_BILLING__EXPORT_NAME": "focus-cost",
    "SOURCES__AZURE_BILLING__DATASET": "billing",
    "SOURCES__AZURE_BILLING__TABLE_NAME": "azure_focus",
}


def settings(**changes: str) -> Settings:
    """Return the settings of ENVIRONMENT with some variables changed. An empty value counts as not set."""
    return read_settings({**ENVIRONMENT, **changes}, folder=Path("/nowhere"))


def aws(**changes: str) -> Source:
    """Return the AWS source with some fields changed: `aws(FORMAT="aws_cur_v2_csv")`."""
    return settings(**{f"SOURCES__AWS_CUR__{name}": value for name, value in changes.items()}).sources[0]


def azure(**changes: str) -> Source:
    """Return the Azure source with some fields changed."""
    return settings(**{f"SOURCES__AZURE_BILLING__{name}": value for name, value in changes.items()}).sources[1]


def golden_manifest(file: str, name: str, *changes: Change) -> Manifest:
    """Return a golden manifest under an object name, after some changes of its fields."""
    tree = json.loads((MANIFESTS / file).read_text())
    for change in changes:
        change(tree)
    return Manifest(name, GENERATION, json.dumps(tree).encode())


def with_field(path: str, value: object) -> Change:
    """Return a change that sets a field, named like `runInfo.runId` or `blobs.0.byteCount`."""

    def change(tree: Any) -> None:
        parent, last = _parent_of(tree, path)
        parent[last] = value

    return change


def without_field(path: str) -> Change:
    """Return a change that removes a field."""

    def change(tree: Any) -> None:
        parent, last = _parent_of(tree, path)
        del parent[last]

    return change


def export_of(source: Source, manifest: Manifest) -> Export:
    """Return what the parser of a source makes of a manifest that belongs to its export."""
    export = parse(source, manifest)
    assert isinstance(export, Export)
    return export


def error_of(function: Callable[..., object], *arguments: object, **options: object) -> str:
    """Call a function and return the BillingError that it raises, like `CODE: message`."""
    with pytest.raises(BillingError) as raised:
        function(*arguments, **options)
    return str(raised.value)


def _parent_of(tree: Any, path: str) -> tuple[Any, str | int]:
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parents:
        tree = tree[part]
    return tree, last
