"""The books: dlt's state, one pipeline per source and month, and one tracking row per accepted or refused delivery."""

import os
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from billing import __version__
from billing.clock import Clock
from billing.decisions.reconcile import reconcile
from billing.decisions.state import MonthState, from_state, to_state
from billing.decisions.tracking import TrackingRow
from billing.errors import BillingError
from billing.gcp.bigquery import Warehouse
from billing.gcp.commit_errors import causes_of, failure_of, passes
from billing.gcp.history_queries import states_query, tracked_loads_query
from billing.settings import Settings, Source
from billing.views.status import billed

_RESOURCE = "load_tracking"
_ATTEMPTS = 4  # dlt's tables take 5 updates per 10 s, and two cold instances may create them at once
# The tracking table's columns. dlt adds _dlt_load_id and _dlt_id; Terraform creates the table with all of them.
_COLUMNS: Mapping[str, str] = {
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
    "table_created": "text",
    "loader_version": "text",
    "cost": "wei",  # what dlt calls BIGNUMERIC
    "invoiced": "bool",
}


class LoadHistory:
    """Reads dlt's state by one query, and commits to it by dlt itself."""

    def __init__(self, warehouse: Warehouse, settings: Settings, credentials: Any, clock: Clock) -> None:
        self._warehouse = warehouse
        self._settings = settings
        self._credentials = credentials
        self._clock = clock
        self._one_at_a_time = threading.Lock()  # the sweep commits months from several threads

    def read(self, source: Source, month: str) -> MonthState:
        """One request."""
        return self.read_months(source, [month]).get(month, MonthState())

    def read_months(self, source: Source, months: list[str] | None = None) -> dict[str, MonthState]:
        """The books of the given months, or of all, by one query; from dlt loads that are complete only.

        Where a month's state was lost, or restored from an old copy, the newest tracking row stands for its head: an
        older run must not replace a newer one. A row whose dlt load is not complete bars older runs, and no more.
        """
        from google.api_core.exceptions import NotFound

        wanted = {"months": months} if months is not None else {}
        try:
            rows = self._warehouse.query(
                f"{states_query(source, wanted)} UNION ALL {tracked_loads_query(source, wanted, complete=True)}",
                **wanted,
            )
        except NotFound as exc:
            if not any(table in str(exc) for table in ("_dlt_pipeline_state", "_dlt_loads")):
                raise _not_found(exc) from exc
            rows = self._tracked(source, wanted)
        states = {row["month"]: _from_state(source, row) for row in rows if row["state"]}
        loads = {(row["month"], bool(row["complete"])): row for row in rows if not row["state"]}
        known = {*states, *(month for month, _ in loads)}
        return {
            month: reconcile(source, states.get(month), loads.get((month, True)), loads.get((month, False)))
            for month in known
        }

    def newest_load(self, source: Source) -> datetime | None:
        """When a month of this source was last loaded, by one query."""
        sql = f"SELECT MAX(loaded_at) AS newest FROM `{source.destination}_load_tracking` WHERE status = 'loaded'"
        newest: datetime | None = self._warehouse.query(sql)[0]["newest"]
        return newest

    def _tracked(self, source: Source, wanted: Mapping[str, list[str]]) -> list[Any]:
        """Before the first commit, and when dlt's tables were dropped."""
        from google.api_core.exceptions import NotFound

        try:
            return self._warehouse.query(tracked_loads_query(source, wanted, complete=False), **wanted)
        except NotFound as exc:
            raise _not_found(exc) from exc

    def commit(self, source: Source, month: str, state: MonthState, entry: TrackingRow) -> None:
        """State and tracking row in one dlt load. The caller holds the month's lease: the last writer wins."""
        row = {
            source.format.execution_column: entry.execution,
            "billing_month": month,
            "loaded_at": self._clock.now(),
            "loader_version": __version__,
            **{name: value for name, value in vars(entry).items() if name != "execution"},
            **(self._billed(source, month) if entry.status == "loaded" else {}),
        }
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._one_at_a_time:
                    self._run(source, month, state, row)
            except Exception as exc:
                if attempt == _ATTEMPTS or not (passes(exc) or self._lost_a_table(source, exc)):
                    raise failure_of(exc) from exc
                self._clock.sleep(1.5 * attempt)
            else:
                return

    def _billed(self, source: Source, month: str) -> Mapping[str, Any]:
        """What the month costs as it was just loaded, and whether all of it bears an invoice; by one query.

        Neither where the table lacks such a column: a report may be made without it, and is booked all the same.
        """
        from google.api_core.exceptions import BadRequest

        try:
            [row] = self._warehouse.query(billed(source, month))
        except BadRequest:
            return {}
        return dict(row)

    def _run(self, source: Source, month: str, state: MonthState, row: Mapping[str, Any]) -> None:
        os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
        os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")  # what fails is raised, and logged once by us
        import dlt

        # rows come back by REST: the faster API would need pandas and pyarrow
        warnings.filterwarnings("ignore", message="Cannot create BigQuery Storage client")

        @dlt.resource(
            name=_RESOURCE,
            table_name=f"{source.table}_load_tracking",
            write_disposition="append",
            columns=_hints(source),
            # the row's keys are ours alone: a later version may add one; what a column holds stays
            schema_contract={"tables": "evolve", "columns": "evolve", "data_type": "freeze"},
        )
        def tracking() -> Iterator[Mapping[str, Any]]:
            kept = dlt.current.resource_state()
            for name, value in to_state(state, month).items():
                kept.setdefault(name, {}).pop(month, None)
                kept[name].update(value)
            yield row

        with tempfile.TemporaryDirectory(prefix="dlt-") as folder:  # the writable disk of a function is /tmp
            pipeline = dlt.pipeline(
                pipeline_name=pipeline_name(source, month),
                pipelines_dir=folder,
                dataset_name=source.dataset,
                destination=dlt.destinations.bigquery(
                    credentials=self._dlt_credentials(), project_id=source.project, location=self._settings.location
                ),
            )
            pipeline.run(dlt.source(lambda: tracking, name=source.key, section="billing")())

    def _lost_a_table(self, source: Source, exc: Exception) -> bool:
        """dlt makes none of its tables again while _dlt_version says that they are there: it is made to look."""
        if not any("Not found: Table" in str(cause) and "._dlt_" in str(cause) for cause in causes_of(exc)):
            return False
        self._warehouse.query(f"DROP TABLE IF EXISTS `{source.project}.{source.dataset}._dlt_version`")
        return True

    def _dlt_credentials(self) -> Any:
        """Ours, as dlt wants them: of a metadata server's credentials it cannot tell the project by itself."""
        from dlt.common.configuration.specs.gcp_credentials import GcpDefaultCredentials, GcpServiceAccountCredentials

        wrapped = GcpServiceAccountCredentials()
        wrapped.project_id = self._settings.project
        GcpDefaultCredentials.parse_native_representation(wrapped, self._credentials)
        return wrapped


def _from_state(source: Source, row: Any) -> MonthState:
    from dlt.common.versioned_state import decompress_state

    state = decompress_state(row["state"]).get("sources", {}).get(source.key, {})
    return from_state(state.get("resources", {}).get(_RESOURCE, {}), row["month"])


def _not_found(exc: Exception) -> BillingError:
    """A missing dataset or table is a matter of setting up; a query job that is not found passes."""
    setup = "Not found: Table" in str(exc) or "Not found: Dataset" in str(exc)
    return BillingError("NOT_FOUND" if setup else "TRANSIENT", str(exc))


def pipeline_name(source: Source, month: str) -> str:
    return f"{source.key}__{month.replace('-', '_')}"


def _hints(source: Source) -> dict[str, Any]:
    columns = {source.format.execution_column: "text", **_COLUMNS}
    return {name: {"name": name, "data_type": kind, "nullable": True} for name, kind in columns.items()}
