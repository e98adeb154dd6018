"""What a deployment on the emulator holds: tables, tracking rows, views and manifests, read without the product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from billing import manifests
from billing.errors import BillingError
from billing.manifests import Export, Manifest, OtherExport
from billing.settings import Settings, Source
from billing.workflows.outcome import Outcome
from tests.emulator import Emulator
from tests.faults.transport import Wire

Totals = tuple[int, dict[str, Decimal]]  # rows, and cost by service
_SERVICE = {"aws": "line_item_product_code", "azure": "ServiceName"}


@dataclass(frozen=True)
class Observed:
    """A deployment after a scenario. `sent` and `ended` are known if the handlers ran in this process."""

    emulator: Emulator
    settings: Settings
    sent: Wire | None = None
    ended: Mapping[str, Outcome] = field(default_factory=dict)  # by URI of the manifest: how its last event ended

    def totals(self, source: Source) -> dict[str, Totals]:
        """Return the totals of every month in the table."""
        shape = source.format
        months: dict[str, Totals] = {}
        sql = (
            f"SELECT FORMAT_DATE('%Y-%m', DATE({shape.partition})) AS month, {_SERVICE[shape.provider]} AS service,"
            f" COUNT(*) AS n, SUM({shape.cost}) AS cost FROM `{source.destination}` GROUP BY 1, 2"
        )
        for row in self._rows(sql):
            rows, costs = months.get(row["month"], (0, {}))
            months[row["month"]] = (rows + row["n"], {**costs, row["service"]: row["cost"]})
        return months

    def is_empty(self, source: Source) -> bool:
        [row] = self._rows(f"SELECT COUNT(*) AS n FROM `{source.destination}`")
        return bool(row["n"] == 0)

    def tracking(self, source: Source) -> list[dict[str, Any]]:
        """Return all tracking rows, oldest first."""
        return self._rows(
            f"SELECT billing_month AS month, {source.format.execution_column} AS execution, status, code, message,"
            f" manifest_uri, order_key FROM `{source.destination}_load_tracking` ORDER BY loaded_at"
        )

    def loads(self, source: Source) -> list[dict[str, Any]]:
        """Return the rows of the view of complete loads, oldest first."""
        return self._rows(
            f"SELECT billing_month AS month, {source.format.execution_column} AS execution, job_id, row_count"
            f" FROM `{source.destination}_loads` ORDER BY loaded_at"
        )

    def job(self, job_id: str) -> tuple[str, object, int]:
        """Return state, error and number of rows of a job, as BigQuery tells them. Those of a query are in a label."""
        job = self.emulator.bigquery.get_job(job_id, location=self.settings.location)
        rows = job.output_rows if job.job_type == "load" else int(job.labels["rows"])
        return job.state, job.error_result, rows

    def manifests(self, source: Source) -> Iterator[tuple[str, Export | OtherExport | None]]:
        """Yield the URI and the content of every manifest in the bucket. None is one that cannot be read."""
        for blob in self.emulator.storage.list_blobs(source.bucket, prefix=source.prefix):
            if manifests.is_manifest(source, blob.name):
                yield (
                    f"gs://{source.bucket}/{blob.name}",
                    _parsed(self.emulator, source, blob.name, int(blob.generation)),
                )

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.emulator.bigquery.query_and_wait(sql)]


@cache
def _parsed(emulator: Emulator, source: Source, name: str, generation: int) -> Export | OtherExport | None:
    data = emulator.storage.bucket(source.bucket).blob(name).download_as_bytes()
    try:
        return manifests.parse(source, Manifest(name, generation, data))
    except BillingError:
        return None
