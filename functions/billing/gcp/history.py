"""Read and write the load history: dlt's state of each source and month, and the rows of the tracking table."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from billing import __version__
from billing.clock import Clock
from billing.columns.field import Field
from billing.decisions.billed import MAX_CURRENCIES, MAX_CURRENCY_CHARACTERS, Billed, CurrencyCost
from billing.decisions.reconcile import reconcile
from billing.decisions.record import Record
from billing.decisions.state import LoadedDelivery, MonthState, job_time
from billing.errors import BillingError
from billing.gcp.bigquery import Warehouse
from billing.gcp.commit_errors import causes_of, failure_of, may_succeed_later
from billing.gcp.dlt_commit import DltCommit, month_state_in
from billing.gcp.history_queries import states_query, tracked_loads_query
from billing.settings import Settings, Source
from billing.views.billed import bad_columns_query, billed_query

_ATTEMPTS = 4  # dlt's tables take 5 updates per 10 s, and two instances may create them at the same time


class LoadHistory:
    """Reads dlt's state by one query, and commits to it by dlt itself."""

    def __init__(self, warehouse: Warehouse, settings: Settings, credentials: Any, clock: Clock) -> None:
        self._warehouse = warehouse
        self._clock = clock
        self._dlt = DltCommit(settings, credentials)
        self._one_at_a_time = threading.Lock()  # the sweep commits months from several threads

    def read(self, source: Source, month: str) -> MonthState:
        """One request."""
        return self.read_months(source, [month]).get(month, MonthState())

    def read_months(self, source: Source, months: list[str] | None = None) -> dict[str, MonthState]:
        """Read the state of the given months, or of all months. One query.

        It counts only dlt loads that are complete. If a month's state was lost or restored from an old copy, its
        newest tracking row replaces it, so that an older delivery never replaces a newer one.
        """
        from google.api_core.exceptions import NotFound

        wanted = {"months": months} if months is not None else {}
        query = f"{states_query(source, wanted)} UNION ALL {tracked_loads_query(source, wanted, complete=True)}"
        try:
            rows = self._warehouse.query(query, **wanted)
        except NotFound as exc:
            if not any(table in str(exc) for table in ("_dlt_pipeline_state", "_dlt_loads")):
                raise _not_found(exc) from exc
            rows = self._tracked_loads(source, wanted)
        states = {row["month"]: month_state_in(source, row) for row in rows if row["state"]}
        loads = {(row["month"], bool(row["complete"])): tracked_load(source, row) for row in rows if not row["state"]}
        known = {*states, *(month for month, _ in loads)}
        return {
            month: reconcile(states.get(month), loads.get((month, True)), loads.get((month, False))) for month in known
        }

    def newest_load(self, source: Source) -> datetime | None:
        """Return when a month of this source was last loaded. One query."""
        sql = f"SELECT MAX(loaded_at) AS newest FROM `{source.destination}_load_tracking` WHERE status = 'loaded'"
        newest: datetime | None = self._warehouse.query(sql)[0]["newest"]
        return newest

    def billed(self, source: Source, month: str, fields: Sequence[Field]) -> Billed:
        """Measure what a month costs, whether every row has an invoice, and which rows have bad bytes. One query.

        One more names the columns with bad bytes. `fields` are the columns of the table. A failure of a query is a
        value, because the month is loaded already.
        """
        from google.api_core.exceptions import BadRequest

        try:
            billed = _billed(self._warehouse.query(billed_query(source, month, fields, MAX_CURRENCIES + 1)))
        except BadRequest as exc:
            return Billed(failure=str(exc))
        return self._with_bad_columns(billed, source, month, fields) if billed.bad_rows else billed

    def _with_bad_columns(self, billed: Billed, source: Source, month: str, fields: Sequence[Field]) -> Billed:
        """Name the columns. BigQuery refuses a query of more than 1 MB, as it is for 6,000 columns: the cost stays."""
        from google.api_core.exceptions import BadRequest

        try:
            [found] = self._warehouse.query(bad_columns_query(source, month, fields))
        except BadRequest:
            return replace(billed, bad_columns=("columns that no query could name",))
        return replace(billed, bad_columns=tuple(name for name, is_bad in found.items() if is_bad))

    def commit(self, source: Source, record: Record) -> None:
        """Commit state and row in one dlt load. The last writer wins, so the caller holds the month's lease."""
        row = {
            source.format.execution_column: record.row.execution,
            "billing_month": record.month,
            "loaded_at": self._clock.now(),
            "loader_version": __version__,
            "status": record.row.status,
            **record.row.columns,
        }
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._one_at_a_time:
                    self._run(source, record.month, record.state, row)
            except Exception as exc:
                if attempt == _ATTEMPTS or not (may_succeed_later(exc) or self._forget_dlt_schema(source, exc)):
                    raise failure_of(exc) from exc
                self._clock.sleep(1.5 * attempt)
            else:
                return

    def _run(self, source: Source, month: str, state: MonthState, row: Mapping[str, Any]) -> None:
        self._dlt.run(source, month, state, row)

    def _tracked_loads(self, source: Source, wanted: Mapping[str, list[str]]) -> list[Any]:
        """Read the tracking table alone: before the first commit, or after dlt's tables were dropped."""
        from google.api_core.exceptions import NotFound

        try:
            return self._warehouse.query(tracked_loads_query(source, wanted, complete=False), **wanted)
        except NotFound as exc:
            raise _not_found(exc) from exc

    def _forget_dlt_schema(self, source: Source, exc: Exception) -> bool:
        """Drop `_dlt_version` if a table of dlt's is missing: while it exists, dlt does not create its tables again."""
        if not any("Not found: Table" in str(cause) and "._dlt_" in str(cause) for cause in causes_of(exc)):
            return False
        self._warehouse.query(f"DROP TABLE IF EXISTS `{source.project}.{source.dataset}._dlt_version`")
        return True


def tracked_load(source: Source, row: Any) -> LoadedDelivery:
    """Turn a row of the tracking table into a value."""
    return LoadedDelivery(
        execution=row["execution"],
        order_key=row["order_key"],
        content=row["content"],
        covers_until=row["covers_until"],
        rows=row["row_count"],
        job_id=row["job_id"],
        table=source.destination,
        table_created=row["table_created"],
        ended=job_time(row["job_ended"]),
        changed_during_load=row["code"] == "FILES_CHANGED_DURING_LOAD",
        looks_mixed=row["code"] == "MIXED_DELIVERY",
        byte_count=row["byte_count"],
    )


def _billed(rows: Sequence[Any]) -> Billed:
    """Turn the rows of `billed_query` into a value. Each is one currency."""
    if len(rows) > MAX_CURRENCIES:
        return Billed(failure=f"the month has more than {MAX_CURRENCIES} currencies.")
    longest = max((len(row["currency"] or "") for row in rows), default=0)
    if longest > MAX_CURRENCY_CHARACTERS:
        return Billed(failure=f"a currency has {longest} characters, more than {MAX_CURRENCY_CHARACTERS}.")
    without_invoice = [row["without_invoice"] for row in rows if row["without_invoice"] is not None]
    return Billed(
        costs=tuple(CurrencyCost(row["currency"], row["row_count"], row["cost"]) for row in rows),
        invoiced=not any(without_invoice) if without_invoice else None,
        unreadable=sum(row["unreadable"] for row in rows),
        bad_rows=sum(row["bad_rows"] for row in rows),
    )


def _not_found(exc: Exception) -> BillingError:
    """Return NOT_FOUND for a missing dataset or table. A query job that is not found is a transient error."""
    setup = "Not found: Table" in str(exc) or "Not found: Dataset" in str(exc)
    return BillingError("NOT_FOUND" if setup else "TRANSIENT", str(exc))
