"""Two sources and their golden manifests, for the tests of what is pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from billing.manifests import Manifest
from billing.settings import Settings, Source, read_settings

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
    """The settings of the environment above, with some variables changed; an empty one counts as not set."""
    return read_settings({**ENVIRONMENT, **changes}, folder=Path("/nowhere"))


def aws(**changes: str) -> Source:
    return settings(**{f"SOURCES__AWS_CUR__{name}": value for name, value in changes.items()}).sources[0]


def azure(**changes: str) -> Source:
    return settings(**{f"SOURCES__AZURE_BILLING__{name}": value for name, value in changes.items()}).sources[1]


def golden(file: str, name: str, change: Callable[[Any], object] | None = None) -> Manifest:
    """A golden manifest as the object of that name, its tree changed by a function."""
    tree = json.loads((MANIFESTS / file).read_text())
    if change is not None:
        change(tree)
    return Manifest(name, GENERATION, json.dumps(tree).encode())


def put(path: str, value: object) -> Callable[[Any], None]:
    """Sets a field given as `runInfo.runId` or `blobs.0.byteCount`."""

    def change(tree: Any) -> None:
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in parents:
            tree = tree[part]
        tree[last] = value

    return change


def drop(path: str) -> Callable[[Any], None]:
    def change(tree: Any) -> None:
        *parents, last = path.split(".")
        for part in parents:
            tree = tree[part]
        del tree[last]

    return change
