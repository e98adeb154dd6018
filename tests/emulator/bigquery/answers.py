"""What bqemulator answers otherwise than the discovery document of BigQuery says."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_LISTED = ("kind", "id", "datasetReference", "labels", "friendlyName", "location", "type")  # `DatasetList`
_NUMBERS = ("skipLeadingRows", "maxBadRecords")  # int32 of a load, which clients may send as text


def dataset_list(answer: Json) -> Json:
    """Return less of each dataset, and no total: a list has no more."""
    listed = [{name: one[name] for name in _LISTED if name in one} for one in answer["datasets"]]
    return {"kind": answer["kind"], **({"datasets": listed} if listed else {})}


def configuration(job: Json) -> Json:
    """Return the configuration of a request as an answer has it: without null, and int32 as a number."""
    written: Json = _without_null(job)
    if "load" in written:
        numbers = {name: int(written["load"][name]) for name in _NUMBERS if name in written["load"]}
        written["load"] = {**written["load"], **numbers}
    return written


def without_copies(resource: Json) -> Json:
    """Leave out what bqemulator has twice: the kind of DDL beside a result, the number of rows in the statistics."""
    if resource.get("kind") == "bigquery#queryResponse":
        resource.pop("ddlOperationPerformed", None)
    resource.get("statistics", {}).get("query", {}).pop("totalRows", None)
    return resource


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_null(nested) for name, nested in value.items() if nested is not None}
    return [_without_null(nested) for nested in value] if isinstance(value, list) else value
