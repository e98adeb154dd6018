"""Refuse what no grant allows in BigQuery: tables of statements, destinations and files of jobs, jobs of others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from bqemulator.domain.errors import PermissionDeniedError, UnsupportedFeatureError

from tests.emulator.bigquery.errors import JobError
from tests.emulator.permissions.agents import agent
from tests.emulator.permissions.denied import bigquery_sentence, not_queried, storage_sentence
from tests.emulator.permissions.policy import (
    Policy,
    bucket_path,
    dataset_of,
    dataset_path,
    object_path,
    table_path,
)
from tests.emulator.permissions.requirements import (
    LOAD_BUCKET,
    LOAD_DATASET,
    LOAD_OBJECT,
    LOAD_TABLE,
    WRITE_DATASET,
    WRITE_TABLE,
)
from tests.emulator.permissions.sql_needs import UnknownStatementError, statements, tables_read
from tests.emulator.permissions.store import PolicyFile

# The member whose request is handled. None is the project's owner. A job that a request starts inherits it.
CALLER: ContextVar[str | None] = ContextVar("caller", default=None)

_GET_DATA = "bigquery.tables.getData"
_OBJECT = re.compile(r"gs://(?P<bucket>[^/]+)/(?P<name>.*)", re.S)
_KEY = "cloudkms.cryptoKeyVersions.useTo"


class Access:
    """Every check raises PermissionDeniedError with Google's sentence. The owner passes all but those of keys."""

    catalog: Any  # of bqemulator, which makes it when its server starts

    def __init__(self, policies: PolicyFile) -> None:
        self._policies = policies
        self._makers: dict[str, str | None] = {}  # of jobs, by their id

    @property
    def policy(self) -> Policy:
        return self._policies.policy

    def check(self, permission: str, resource: str) -> None:
        member = CALLER.get()
        if member is not None and not self.policy.allows(member, permission, resource):
            raise PermissionDeniedError(bigquery_sentence(permission, resource))

    # -- statements -----------------------------------------------------------------------------------------------

    def check_statements(self, sql: str, project: str) -> None:
        """Check each statement of a text: what it changes, then what it reads, also through views."""
        if CALLER.get() is None and not self.policy.keys:
            return
        try:
            found = statements(sql, project)
        except UnknownStatementError as error:
            raise UnsupportedFeatureError(str(error)) from error
        for statement in found:
            for need in statement.needs:
                self.check(need.permission, need.resource)
            for table in statement.reads:
                self._check_read(table, project)

    def _check_read(self, table: str, project: str, view: str = "", is_authorized: bool = False) -> None:
        """Check that the caller may query a table, or that the view through which it is read is authorized.

        A view that was reached as an authorized one reads its own dataset. Google refuses to authorize it for that:
        https://github.com/servian/bigquery-view-analyzer/issues/1
        """
        member, policy = CALLER.get(), self.policy
        allowed = member is None or policy.allows(member, _GET_DATA, table)
        by_view = view and (policy.view_reads(view, table) or (is_authorized and dataset_of(view) == dataset_of(table)))
        if not (allowed or by_view):
            raise PermissionDeniedError(not_queried(table))
        parts = table.split("/")
        found = self.catalog.get_table(*parts[1::2])
        if found is not None and found.table_type == "VIEW":
            for inner in tables_read(found.view_query, project):
                self._check_read(inner, project, table, is_authorized=not allowed)
        elif found is not None:
            self._check_key("Decrypt", dataset_of(table))

    # -- jobs -----------------------------------------------------------------------------------------------------

    def check_load(self, project: str, dataset: str, table: str) -> None:
        self._check_destination(project, dataset, table, LOAD_DATASET, LOAD_TABLE)

    def check_write(self, project: str, dataset: str, table: str) -> None:
        self._check_destination(project, dataset, table, WRITE_DATASET, WRITE_TABLE)

    def refused_source(self, uris: Iterable[str]) -> JobError | None:
        """Return how a load job ends whose caller may not read its files, or None. An upload has no such files."""
        member = CALLER.get()
        for uri in uris if member is not None else ():
            named = _OBJECT.fullmatch(uri)
            if named is None:
                continue
            bucket, name = bucket_path(named["bucket"]), object_path(named["bucket"], named["name"])
            asked = [*((one, bucket) for one in LOAD_BUCKET), *((one, name) for one in LOAD_OBJECT)]
            for permission, place in asked:
                if member is not None and not self.policy.allows(member, permission, place):
                    sentence = storage_sentence(member, permission)
                    return JobError("accessDenied", f"Access Denied: File {uri}: {sentence}", uri)
        return None

    def made(self, job_id: str) -> None:
        """Remember who made a job."""
        self._makers[job_id] = CALLER.get()

    def check_job(self, permission: str, project: str, job_id: str) -> None:
        """Whoever made a job has the permission on it: cloud.google.com/bigquery/docs/jobs-overview."""
        member = CALLER.get()
        if job_id in self._makers and self._makers[job_id] != member:
            self.check(permission, f"projects/{project}")

    def _check_destination(
        self, project: str, dataset: str, table: str, on_dataset: tuple[str, ...], on_table: tuple[str, ...]
    ) -> None:
        for permission in on_dataset:
            self.check(permission, dataset_path(project, dataset))
        for permission in on_table:
            self.check(permission, table_path(project, dataset, table))
        self._check_key("Encrypt", dataset_path(project, dataset))

    def _check_key(self, use: str, dataset: str) -> None:
        """Let BigQuery's agent use the key of a dataset: cloud.google.com/bigquery/docs/customer-managed-encryption."""
        key, permission = self.policy.key_of(dataset), f"{_KEY}{use}"
        if key is not None and not self.policy.allows(agent("bigquery", self.policy.project), permission, key):
            raise PermissionDeniedError(
                f"Access Denied: BigQuery BigQuery: Permission '{permission}' denied on resource '{key}' "
                "(or it may not exist)."
            )
