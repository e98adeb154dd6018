"""The books: dlt's state, one pipeline per source and month, and one tracking row per accepted or refused delivery."""

import os
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from . import __version__, books
from .books import Books, Head
from .clock import Clock
from .config import Settings, Source
from .errors import BillingError
from .reasons import api_failure, dlt_failure
from .views import billed, is_whole
from .warehouse import Warehouse

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

# What a head is rebuilt from.
_HEAD: Mapping[str, str] = {
    "execution": "STRING",
    "order_key": "STRING",
    "content": "STRING",
    "covers_until": "STRING",
    "row_count": "INT64",
    "job_id": "STRING",
    "table_created": "STRING",
    "code": "STRING",
    "loaded_at": "TIMESTAMP",
    "complete": "BOOL",
}


@dataclass(frozen=True)
class Entry:
    """One tracking row: what became of one delivery."""

    status: str  # loaded, rejected or waiting
    execution: str
    manifest_uri: str
    code: str | None = None
    message: str | None = None
    row_count: int | None = None
    file_count: int | None = None
    byte_count: int | None = None
    order_key: str | None = None
    content: str | None = None
    covers_until: str | None = None
    job_id: str | None = None
    table_created: str | None = None


class Ledger:
    """Reads dlt's state by one query, and commits to it by dlt itself."""

    def __init__(self, warehouse: Warehouse, settings: Settings, credentials: Any, clock: Clock) -> None:
        self._warehouse = warehouse
        self._settings = settings
        self._credentials = credentials
        self._clock = clock
        self._one_at_a_time = threading.Lock()  # the sweep commits months from several threads

    def read(self, source: Source, month: str) -> Books:
        """One request."""
        return self.read_months(source, [month]).get(month, Books())

    def read_months(self, source: Source, months: list[str] | None = None) -> dict[str, Books]:
        """The books of the given months, or of all, by one query; from dlt loads that are complete only.

        Where a month's state was lost, or restored from an old copy, the newest tracking row stands for its head: an
        older run must not replace a newer one. A row whose dlt load is not complete bars older runs, and no more.
        """
        from google.api_core.exceptions import NotFound

        wanted = {"months": months} if months is not None else {}
        try:
            rows = self._warehouse.query(
                f"{_states(source, wanted)} UNION ALL {_heads(source, wanted, complete=True)}", **wanted
            )
        except NotFound as exc:
            if not any(table in str(exc) for table in ("_dlt_pipeline_state", "_dlt_loads")):
                raise _not_found(exc) from exc
            rows = self._tracked(source, wanted)
        states = {row["month"]: _from_state(source, row) for row in rows if row["state"]}
        loads = {(row["month"], bool(row["complete"])): row for row in rows if not row["state"]}
        known = {*states, *(month for month, _ in loads)}
        return {
            month: _books(source, states.get(month), loads.get((month, True)), loads.get((month, False)))
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
            return self._warehouse.query(_heads(source, wanted, complete=False), **wanted)
        except NotFound as exc:
            raise _not_found(exc) from exc

    def commit(self, source: Source, month: str, state: Books, entry: Entry) -> None:
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
                if attempt == _ATTEMPTS or not (_passes(exc) or self._lost_a_table(source, exc)):
                    raise _failure(exc) from exc
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

    def _run(self, source: Source, month: str, state: Books, row: Mapping[str, Any]) -> None:
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
            for name, value in books.to_state(state, month).items():
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
        if not any("Not found: Table" in str(cause) and "._dlt_" in str(cause) for cause in _causes(exc)):
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


def _states(source: Source, wanted: Mapping[str, list[str]]) -> str:
    """The newest complete state of every month's pipeline."""
    dataset = f"{source.project}.{source.dataset}"
    month = f"REPLACE(SUBSTR(s.pipeline_name, {len(source.key) + 3}), '_', '-')"
    only = f" AND {month} IN UNNEST(@months)" if wanted else ""
    empty = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in _HEAD.items())
    return (
        f"SELECT * FROM (SELECT {month} AS month, s.state, {empty} FROM `{dataset}._dlt_pipeline_state` AS s"
        f" JOIN `{dataset}._dlt_loads` AS l ON l.load_id = s._dlt_load_id"
        f" WHERE l.status = 0 AND STARTS_WITH(s.pipeline_name, '{source.key}__'){only}"
        " QUALIFY ROW_NUMBER() OVER (PARTITION BY s.pipeline_name ORDER BY l.load_id DESC) = 1)"
    )


def _heads(source: Source, wanted: Mapping[str, list[str]], *, complete: bool) -> str:
    """The newest load of every month, as the tracking table has it: complete, and not, where dlt can say which."""
    only = " AND billing_month IN UNNEST(@months)" if wanted else ""
    is_complete = "TRUE" if not complete else is_whole(f"{source.project}.{source.dataset}")
    return (
        "SELECT * FROM (SELECT billing_month AS month, CAST(NULL AS STRING) AS state,"
        f" {source.format.execution_column} AS execution, {', '.join(list(_HEAD)[1:-1])}, {is_complete} AS complete"
        f" FROM `{source.destination}_load_tracking` WHERE status = 'loaded'{only})"
        " WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY month, complete ORDER BY loaded_at DESC) = 1"
    )


def _from_state(source: Source, row: Any) -> Books:
    from dlt.common.versioned_state import decompress_state

    state = decompress_state(row["state"]).get("sources", {}).get(source.key, {})
    return books.from_state(state.get("resources", {}).get(_RESOURCE, {}), row["month"])


def _from_tracking(source: Source, row: Any) -> Books:
    head = _head(source, row)
    return Books(loaded=(head.execution,), head=head)


def _books(source: Source, state: Books | None, tracked: Any | None, unbooked: Any | None) -> Books:
    known = _newer(state, _from_tracking(source, tracked) if tracked is not None else None)
    if tracked is not None:
        known = replace(known, loaded_at=tracked["loaded_at"], last=tracked["execution"])
    is_newest = unbooked is not None and (tracked is None or unbooked["loaded_at"] > tracked["loaded_at"])
    return replace(known, unbooked=_head(source, unbooked)) if is_newest else known


def _head(source: Source, row: Any) -> Head:
    return Head(
        execution=row["execution"],
        order_key=row["order_key"],
        content=row["content"],
        covers_until=row["covers_until"],
        rows=row["row_count"],
        job_id=row["job_id"],
        table=source.destination,
        table_created=row["table_created"],
        torn=row["code"] == "TORN",
    )


def _newer(state: Books | None, tracked: Books | None) -> Books:
    """The state, but for a head that its own tracking rows have passed by."""
    if state is None or tracked is None or tracked.head is None:
        return state or tracked or Books()
    if state.head is None or _has_passed(tracked.head, state.head):
        return replace(state, head=tracked.head)
    return state


def _has_passed(row: Head, head: Head) -> bool:
    """By a newer run, or into a table that was made since: a booking may have slept meanwhile, and be dlt's newest."""
    is_later = head.order_key < row.order_key or head.table_created < row.table_created
    return head.job_id != row.job_id and is_later


def _not_found(exc: Exception) -> BillingError:
    """A missing dataset or table is a matter of setting up; a query job that is not found passes."""
    setup = "Not found: Table" in str(exc) or "Not found: Dataset" in str(exc)
    return BillingError("NOT_FOUND" if setup else "TRANSIENT", str(exc))


def pipeline_name(source: Source, month: str) -> str:
    return f"{source.key}__{month.replace('-', '_')}"


def _hints(source: Source) -> dict[str, Any]:
    columns = {source.format.execution_column: "text", **_COLUMNS}
    return {name: {"name": name, "data_type": kind, "nullable": True} for name, kind in columns.items()}


def _passes(exc: BaseException) -> bool:
    """Whether the same commit may succeed in a moment: a passing error, or a table that another just created."""
    for cause in _causes(exc):
        known = api_failure(cause)
        if known is not None and known.code == "TRANSIENT":
            return True
        code, text = getattr(cause, "code", None), str(cause)
        if code == 409 or "table update operations" in text:
            return True
        if code in (404, 410) and "/upload/" in text:  # the upload of dlt's rows ended unheard of: it begins anew
            return True
    return False


def _failure(exc: Exception) -> Exception:
    """What BigQuery said under dlt's wrapping, or the exception itself: then it is a bug."""
    found = dlt_failure(list(_causes(exc)))
    if found is not None or _passes(exc):
        return found or BillingError("TRANSIENT", str(exc))
    return exc


def _causes(exc: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    queue: list[BaseException | None] = [exc]
    while queue:
        cause = queue.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            wrapped = (getattr(cause, name, None) for name in ("exception", "client_exception"))
            queue += [cause.__cause__, cause.__context__, *wrapped]
