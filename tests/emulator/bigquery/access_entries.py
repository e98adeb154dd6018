"""The access list of a dataset. bqemulator loses the names of an authorized dataset: the API has them one level deeper.

https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets#DatasetAccessEntry
"""

from __future__ import annotations

from typing import Any

from bqemulator.api.routes import datasets as stock
from bqemulator.catalog.models import AccessEntry

Json = dict[str, Any]

_TARGETS = ["VIEWS"]  # the API has no other


def install() -> None:
    from_rest, to_rest = stock._rest_to_access_entry, stock._access_entry_to_rest

    def entry(raw: Json) -> AccessEntry:
        authorized = raw.get("dataset")
        return from_rest({**raw, "dataset": authorized["dataset"]} if authorized else raw)

    def resource(kept: AccessEntry) -> Json:
        found: Json = to_rest(kept)
        return {**found, "dataset": {"dataset": found["dataset"], "targetTypes": _TARGETS}} if kept.dataset else found

    stock._rest_to_access_entry, stock._access_entry_to_rest = entry, resource
