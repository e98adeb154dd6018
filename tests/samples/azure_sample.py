"""One run of an Azure export: its dataset, its settings, and the names of its blobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tests.samples import azure_company, engine
from tests.samples.columns import Column
from tests.samples.model import Mode, month_end, month_start

Headers = Literal["pascal", "camel", "german"]  # as EA, MCA and localised portals spell them
Form = Literal["parquet", "csv", "csv.gz"]
_SUFFIX: Mapping[Form, str] = {"parquet": "snappy.parquet", "csv": "csv", "csv.gz": "csv.gz"}


@dataclass(frozen=True)
class Dataset:
    """One view of the charges: `shows` selects them, `amounts` are the columns of service, cost and effective cost."""

    type: str
    amounts: tuple[str, ...]
    cost: str = "billed"
    shows: str = "true"


FOCUS = Dataset("FocusCost", ("ServiceName", "BilledCost", "EffectiveCost"))
# Actual cost has purchases, and covered usage at no cost. Amortized cost spreads a purchase over its usage and waste.
ACTUAL = Dataset("ActualCost", ("MeterCategory", "Cost"), shows="kind <> 'Unused'")
AMORTIZED = Dataset("AmortizedCost", ("MeterCategory", "Cost"), cost="effective", shows="kind <> 'Purchase'")


@dataclass(frozen=True)
class AzureSample:
    dataset: Dataset
    month: str
    rows: int
    files: int
    version: str
    seed: int
    revision: int
    mode: Mode
    export_name: str
    root: str
    submitted: datetime
    through_day: int | None
    subscriptions: int
    columns: tuple[Column, ...]
    execution: str
    form: Form
    headers: Headers

    @property
    def last_day(self) -> datetime:
        """The endDate of the manifest, inclusive: the day of the run, or the last day of a finished month."""
        end = month_end(self.month) - timedelta(days=1)
        return end.replace(day=self.through_day) if self.through_day else end

    @property
    def folder(self) -> str:
        start, end = month_start(self.month), month_end(self.month) - timedelta(days=1)
        # The folder has the time at which the run ended, minutes after its submission.
        stamp = f"{self.submitted + timedelta(minutes=4):%Y%m%d%H%M}" if self.mode == "create_new" else ""
        parts = (self.root, self.export_name, f"{start:%Y%m%d}-{end:%Y%m%d}", stamp, self.execution)
        return "/".join(p for p in parts if p) + "/"

    @property
    def blob_names(self) -> tuple[str, ...]:
        return tuple(f"{self.folder}part_{n}_0001.{_SUFFIX[self.form]}" for n in range(self.files))

    def values(self) -> dict[str, object]:
        """The values of the `$names` in the SQL files."""
        base = max(self.rows - 3 * (self.revision - 1), 1)  # each further revision adds three late records
        return {
            **azure_company.plan(self.month, base, self.last_day.day, engine.key(self.seed)),
            "company": engine.key(self.seed),
            "key": engine.key(self.seed, self.month),
            "amount_key": engine.key(self.seed, self.month, self.revision),
            "subscriptions": self.subscriptions,
            "start": f"{month_start(self.month):%Y-%m-%d}",
            "end": f"{month_end(self.month):%Y-%m-%d}",
            "days": self.last_day.day,
            "invoice": "''" if self.through_day else f"'G{self.month.replace('-', '')}0042'",
        }
