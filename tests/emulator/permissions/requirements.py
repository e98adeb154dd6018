"""The permissions that a method of an API needs, by Google's reference pages.

Google publishes no table of methods and permissions that a program could read, so only this code judges them. It
follows https://cloud.google.com/storage/docs/access-control/iam-json, and the page that each entry names.
A method that is not here answers 501 to an account: add it, with its page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Place = Literal["project", "bucket", "object", "dataset", "table", "job"]


@dataclass(frozen=True)
class Requirement:
    permissions: tuple[str, ...]
    place: Place
    source: str


_STORAGE = "https://cloud.google.com/storage/docs/access-control/iam-json"
_BIGQUERY = "https://cloud.google.com/bigquery/docs/reference/rest/v2"
_JOBS = "https://cloud.google.com/bigquery/docs/jobs-overview#required_permissions"
_TABLES = "https://cloud.google.com/bigquery/docs/tables#required_permissions"
_MANAGED_TABLES = "https://cloud.google.com/bigquery/docs/managing-tables"
_DATASETS = "https://cloud.google.com/bigquery/docs/datasets#required_permissions"

# `objects.insert` also needs storage.objects.delete if the object exists: footnote of the same page.
OVERWRITE = "storage.objects.delete"
# Creators of a job have these on it by themselves: _JOBS.
OWN_JOB = ("bigquery.jobs.get", "bigquery.jobs.update")

METHODS: Mapping[str, Requirement] = {
    "storage.buckets.get": Requirement(("storage.buckets.get",), "bucket", _STORAGE),
    "storage.buckets.list": Requirement(("storage.buckets.list",), "project", _STORAGE),
    "storage.objects.delete": Requirement(("storage.objects.delete",), "object", _STORAGE),
    "storage.objects.get": Requirement(("storage.objects.get",), "object", _STORAGE),
    "storage.objects.insert": Requirement(("storage.objects.create",), "object", _STORAGE),
    "storage.objects.list": Requirement(("storage.objects.list",), "bucket", _STORAGE),
    "storage.objects.patch": Requirement(("storage.objects.get", "storage.objects.update"), "object", _STORAGE),
    "bigquery.datasets.get": Requirement(("bigquery.datasets.get",), "dataset", _DATASETS),
    "bigquery.datasets.insert": Requirement(("bigquery.datasets.create",), "project", _DATASETS),
    "bigquery.jobs.cancel": Requirement(("bigquery.jobs.update",), "job", f"{_BIGQUERY}/jobs/cancel"),
    "bigquery.jobs.get": Requirement(("bigquery.jobs.get",), "job", _JOBS),
    "bigquery.jobs.getQueryResults": Requirement(("bigquery.jobs.get",), "job", _JOBS),
    "bigquery.jobs.insert": Requirement(("bigquery.jobs.create",), "project", f"{_BIGQUERY}/jobs/insert"),
    "bigquery.jobs.query": Requirement(("bigquery.jobs.create",), "project", f"{_BIGQUERY}/jobs/query"),
    "bigquery.tabledata.list": Requirement(("bigquery.tables.getData",), "table", f"{_MANAGED_TABLES}#browse-table"),
    "bigquery.tables.delete": Requirement(("bigquery.tables.delete",), "table", f"{_MANAGED_TABLES}#deleting_a_table"),
    "bigquery.tables.get": Requirement(("bigquery.tables.get",), "table", f"{_TABLES}"),
    "bigquery.tables.insert": Requirement(("bigquery.tables.create",), "dataset", _TABLES),
    "bigquery.tables.list": Requirement(("bigquery.tables.list",), "dataset", _TABLES),
    "bigquery.tables.patch": Requirement(
        ("bigquery.tables.get", "bigquery.tables.update"), "table", f"{_MANAGED_TABLES}#updating_table_properties"
    ),
    "bigquery.tables.update": Requirement(
        ("bigquery.tables.get", "bigquery.tables.update"), "table", f"{_MANAGED_TABLES}#updating_table_properties"
    ),
}

# A load job, beside bigquery.jobs.create: cloud.google.com/bigquery/docs/batch-loading-data#required_permissions
LOAD_TABLE = ("bigquery.tables.update", "bigquery.tables.updateData")
LOAD_DATASET = ("bigquery.tables.create",)
LOAD_BUCKET = ("storage.buckets.get", "storage.objects.list")
LOAD_OBJECT = ("storage.objects.get",)
# A query that writes its result: cloud.google.com/bigquery/docs/writing-results#required_permissions
WRITE_TABLE = ("bigquery.tables.updateData",)
WRITE_DATASET = ("bigquery.tables.create",)
