"""The loader's history, with states and tracking rows in memory instead of dlt."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from billing.columns.field import Field
from billing.decisions.billed import Billed
from billing.decisions.reconcile import reconcile
from billing.decisions.state import LoadedDelivery, MonthState, from_state, to_state
from billing.gcp.dlt_commit import TRACKING_COLUMNS, pipeline_name
from billing.gcp.history import LoadHistory, tracked_load
from billing.settings import Settings, Source
from tests.fakes.wire import Wire

State = dict[str, dict[str, Any]]


@dataclass
class DltTables:
    """States and tracking rows, each with the number of its load, and the loads that are complete."""

    states: list[tuple[int, str, State]] = field(default_factory=list)  # load, pipeline, state
    tracking: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)  # load, source's table, row
    complete: set[int] = field(default_factory=set)
    forgotten: set[int] = field(default_factory=set)  # existed when dlt's tables were lost, complete or not
    is_cold: bool = True  # dlt's own tables are missing: no load can be checked

    def lose_dlt_tables(self) -> None:
        self.forgotten |= {load for load, _, _ in self.tracking}
        self.states, self.complete, self.is_cold = [], set(), True

    def state(self, pipeline: str) -> State | None:
        """Return the newest state of a complete load."""
        return next(
            (kept for load, name, kept in reversed(self.states) if name == pipeline and load in self.complete), None
        )

    def pipelines(self) -> set[str]:
        return {name for load, name, _ in self.states if load in self.complete}

    def loads(self, table: str) -> list[dict[str, Any]]:
        """Return the view of the loads: of complete ones, the newest row of every job, oldest first."""
        by_job = {row["job_id"]: row for load, row in self._loaded(table) if self._is_complete(load)}
        return sorted(by_job.values(), key=lambda row: row["loaded_at"])

    def heads(self, table: str, *, complete: bool) -> dict[str, dict[str, Any]]:
        """Return the newest row by month, of loads that count as complete or of those that do not."""
        found = [(self.is_cold or self._is_complete(load), row) for load, row in self._loaded(table)]
        return {row["billing_month"]: row for is_complete, row in found if is_complete == complete}

    def ever_loaded(self, table: str, month: str) -> list[dict[str, Any]]:
        """Return the view's rows of a month as if dlt's tables had never been lost."""
        found = [(load, row) for load, row in self._loaded(table) if row["billing_month"] == month]
        return [row for load, row in found if load in self.forgotten or self._is_complete(load)]

    def _loaded(self, table: str) -> list[tuple[int, dict[str, Any]]]:
        found = [(load, row) for load, name, row in self.tracking if name == table and row["status"] == "loaded"]
        return sorted(found, key=lambda pair: pair[1]["job_ended"])

    def _is_complete(self, load: int) -> bool:
        """A load before the oldest one that dlt knows counts as complete."""
        return load in self.complete or load < min(self.complete, default=0)


class FakeLoadHistory(LoadHistory):
    def __init__(self, kept: DltTables, settings: Settings, wire: Wire) -> None:
        super().__init__(None, settings, None, wire.machine)  # type: ignore[arg-type]
        self._kept = kept
        self._wire = wire

    def read_months(self, source: Source, months: list[str] | None = None) -> dict[str, MonthState]:
        def act() -> dict[str, MonthState]:
            whole, other = (self._rows(source, complete=complete) for complete in (True, False))
            wanted = months if months is not None else {*whole, *other, *self._recorded_months(source)}
            found = {month: (self._state(source, month), whole.get(month), other.get(month)) for month in wanted}
            return {month: reconcile(*three) for month, three in found.items() if any(three)}

        return self._wire.send("read history", act)

    def newest_load(self, source: Source) -> datetime | None:
        def act() -> datetime | None:
            rows = self._kept.loads(source.destination)
            return max((row["loaded_at"] for row in rows), default=None)

        return self._wire.send("read newest load", act)

    def billed(self, source: Source, month: str, fields: Sequence[Field]) -> Billed:
        """Return no cost. The fakes run no SQL."""
        return Billed()

    def _run(self, source: Source, month: str, state: MonthState, row: Mapping[str, Any]) -> None:
        """Commit in dlt's steps: read the pipeline's state, load rows, mark the load complete."""
        name = pipeline_name(source, month)
        kept: State = self._wire.send("read state", lambda: copy.deepcopy(self._kept.state(name) or {}))
        for part, value in to_state(state, month).items():
            kept.setdefault(part, {}).pop(month, None)
            kept[part].update(value)

        def load_rows() -> int:
            self._kept.is_cold = False  # dlt creates its tables first
            load = len(self._kept.tracking)
            self._kept.tracking.append((load, source.destination, {**dict.fromkeys(TRACKING_COLUMNS), **row}))
            self._kept.states.append((load, name, kept))
            return load

        load = self._wire.send("load rows", load_rows)
        self._wire.send("complete load", lambda: self._kept.complete.add(load))

    def _state(self, source: Source, month: str) -> MonthState | None:
        state = self._kept.state(pipeline_name(source, month))
        return from_state(state, month) if state is not None else None

    def _rows(self, source: Source, *, complete: bool) -> dict[str, LoadedDelivery]:
        column = source.format.execution_column
        rows = self._kept.heads(source.destination, complete=complete)
        return {month: tracked_load(source, {**row, "execution": row[column]}) for month, row in rows.items()}

    def _recorded_months(self, source: Source) -> set[str]:
        """Return the months in the pipelines' names. A pipeline is one month of one source."""
        prefix = f"{source.key}__"
        names = (name for name in self._kept.pipelines() if name.startswith(prefix))
        return {name.removeprefix(prefix).replace("_", "-") for name in names}
