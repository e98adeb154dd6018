"""Commit the state of a month and one tracking row with dlt. Each source and month has its own dlt pipeline."""

import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from billing.decisions.state import MonthState, from_state, to_state
from billing.settings import Settings, Source

_RESOURCE = "load_tracking"
# The tracking table's columns. dlt adds _dlt_load_id and _dlt_id; Terraform creates the table with all of them.
TRACKING_COLUMNS: Mapping[str, str] = {
    "billing_month": "text",
    "loaded_at": "timestamp",
    "row_count": "bigint",
    "status": "text",
    "code": "text",
    "message": "text",
    "manifest_uri": "text",
    "file_count": "bigint",
    "byte_count": "bigint",
    "order_key": "text",
    "content": "text",
    "covers_until": "text",
    "job_id": "text",
    "job_ended": "timestamp",
    "table_created": "text",
    "loader_version": "text",
    "cost": "wei",  # dlt's name for BIGNUMERIC
    "costs": "text",
    "invoiced": "bool",
}


class DltCommit:
    """One dlt run per commit, with the credentials of the other clients."""

    def __init__(self, settings: Settings, credentials: Any) -> None:
        self._settings = settings
        self._credentials = credentials

    def run(self, source: Source, month: str, state: MonthState, row: Mapping[str, Any]) -> None:
        os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
        os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")  # an error is raised, and we log it once
        import dlt

        # rows come back by REST: the faster API would need pandas and pyarrow
        warnings.filterwarnings("ignore", message="Cannot create BigQuery Storage client")

        @dlt.resource(
            name=_RESOURCE,
            table_name=f"{source.table}_load_tracking",
            write_disposition="append",
            columns=_hints(source),
            # a later version may add a column to the row; the types of columns stay
            schema_contract={"tables": "evolve", "columns": "evolve", "data_type": "freeze"},
        )
        def tracking() -> Iterator[Mapping[str, Any]]:
            kept = dlt.current.resource_state()
            for name, value in to_state(state, month).items():
                kept.setdefault(name, {}).pop(month, None)
                kept[name].update(value)
            yield row

        with tempfile.TemporaryDirectory(prefix="dlt-") as folder:  # /tmp is the only writable disk of a function
            pipeline = dlt.pipeline(
                pipeline_name=pipeline_name(source, month),
                pipelines_dir=folder,
                dataset_name=source.dataset,
                destination=dlt.destinations.bigquery(
                    credentials=self._dlt_credentials(), project_id=source.project, location=self._settings.location
                ),
            )
            pipeline.run(dlt.source(lambda: tracking, name=source.key, section="billing")())

    def _dlt_credentials(self) -> Any:
        """Wrap our credentials for dlt, and name the project: credentials of a metadata server do not have it."""
        from dlt.common.configuration.specs.gcp_credentials import GcpDefaultCredentials, GcpServiceAccountCredentials

        wrapped = GcpServiceAccountCredentials()
        wrapped.project_id = self._settings.project
        GcpDefaultCredentials.parse_native_representation(wrapped, self._credentials)
        return wrapped


def pipeline_name(source: Source, month: str) -> str:
    return f"{source.key}__{month.replace('-', '_')}"


def month_state_in(source: Source, row: Any) -> MonthState:
    """Read the month's state from a row of `_dlt_pipeline_state`."""
    from dlt.common.versioned_state import decompress_state

    state = decompress_state(row["state"]).get("sources", {}).get(source.key, {})
    return from_state(state.get("resources", {}).get(_RESOURCE, {}), row["month"])


def _hints(source: Source) -> dict[str, Any]:
    columns = {source.format.execution_column: "text", **TRACKING_COLUMNS}
    return {name: {"name": name, "data_type": kind, "nullable": True} for name, kind in columns.items()}
