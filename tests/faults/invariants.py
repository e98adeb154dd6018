"""What must hold after every fault, read from BigQuery, the views over the books, the bucket, and the wire."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from billing import manifests
from billing.errors import ERRORS, BillingError, ErrorClass
from billing.manifests import Export, Manifest, OtherExport
from billing.settings import Settings, Source, read_settings
from billing.workflows.outcome import Outcome
from tests.emulator import Emulator
from tests.faults.transport import BYSTANDER, Wire, unseen
from tests.samples import Delivery
from tests.support.harness import Harness
from tests.support.sources import SourceSpec

if TYPE_CHECKING:
    from tests.support.terraform_deployment import TerraformDeployment

Held = tuple[int, Decimal | None]
Expected = Mapping[tuple[SourceSpec, str], Delivery]
_SERVICE = {"aws": "line_item_product_code", "azure": "ServiceName"}
_WAITS_FOR = re.compile(r"\d+ of \d+ files missing, first \S+|\d+ not of the manifest's size, first \S+")
checks: list[str] = []  # one entry per invariant checked, for `make faults`


@dataclass(frozen=True)
class Scene:
    """A deployment after a scenario. `sent` and `ended` are known where the handlers ran in this process."""

    emulator: Emulator
    settings: Settings
    sent: Wire | None = None
    ended: Mapping[str, Outcome] = field(default_factory=dict)  # by manifest: how its last visit ended

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.emulator.bigquery.query_and_wait(sql)]


def check_invariants(harness: Harness, expected: Expected) -> None:
    """All six, where the expected deliveries, and nothing else, are what every table must hold."""
    wanted = {(spec.key.lower(), month): delivery for (spec, month), delivery in expected.items()}
    _check(Scene(harness.emulator, harness.settings, harness.sent, harness.outcomes), wanted)


def check_deployment(system: TerraformDeployment, expected: Mapping[tuple[str, str], Delivery]) -> None:
    """The same for deployed functions, whose requests are not seen: I3 is left to `watched`."""
    _check(Scene(system.emulator, read_settings(system.environment)), expected)


def _check(scene: Scene, expected: Mapping[tuple[str, str], Delivery]) -> None:
    assert {key for key, _ in expected} <= {source.key for source in scene.settings.sources}
    for source in scene.settings.sources:
        with unseen():
            _check_source(scene, source, {month: one for (key, month), one in expected.items() if key == source.key})
    if scene.sent is not None:
        _check_swaps(scene.settings, scene.sent)
    checks.extend(("I1", "I2", *(("I3",) if scene.sent is not None else ()), "I4", "I5", "I6"))


def _check_source(scene: Scene, source: Source, wanted: Mapping[str, Delivery]) -> None:
    _check_months(scene, source, wanted)
    booked = _booked(scene, source)
    _check_loads(scene, source, wanted, booked)
    _check_ends(scene, source, booked)


def _check_months(scene: Scene, source: Source, wanted: Mapping[str, Delivery]) -> None:
    """I1, I2, I6: in all months, rows and cost of every service are those of the expected delivery."""
    shape = source.format
    cost, service = (shape.cost, _SERVICE[shape.provider]) if wanted else ("NULL", "NULL")
    found: dict[str, tuple[int, dict[str, Decimal]]] = {}
    sql = (
        f"SELECT FORMAT_DATE('%Y-%m', DATE({shape.partition})) AS month, {service} AS service, COUNT(*) AS n,"
        f" SUM({cost}) AS cost FROM `{source.destination}` GROUP BY 1, 2"
    )
    for row in scene.rows(sql):
        rows, costs = found.get(row["month"], (0, {}))
        found[row["month"]] = (rows + row["n"], {**costs, row["service"]: row["cost"]})
    totals = {month: (delivery.totals.rows, dict(delivery.totals.by_service)) for month, delivery in wanted.items()}
    assert found == totals, f"I1, I2, I6: {source.table}"


def _booked(scene: Scene, source: Source) -> list[dict[str, Any]]:
    """All tracking rows, oldest first."""
    return scene.rows(
        f"SELECT billing_month AS month, {source.format.execution_column} AS execution, status, code, message,"
        f" manifest_uri, order_key FROM `{source.destination}_load_tracking` ORDER BY loaded_at"
    )


def _check_loads(scene: Scene, source: Source, wanted: Mapping[str, Delivery], booked: list[dict[str, Any]]) -> None:
    """I4: each load once in the view, by its job, with the rows that BigQuery says that job loaded."""
    if not wanted:
        assert not [row for row in booked if row["status"] == "loaded"], f"I4: {source.table} has nothing, but a load"
        return
    loads = scene.rows(
        f"SELECT billing_month AS month, {source.format.execution_column} AS execution, job_id, row_count"
        f" FROM `{source.destination}_loads` ORDER BY loaded_at"
    )
    jobs = [row["job_id"] for row in loads]
    assert len(jobs) == len(set(jobs)), "I4: a load job is booked twice"
    newest = {row["month"]: row for row in loads}
    standing = {month: (delivery.execution, delivery.totals.rows) for month, delivery in wanted.items()}
    assert {month: (row["execution"], row["row_count"]) for month, row in newest.items()} == standing, "I4"
    for row in newest.values():
        job = scene.emulator.bigquery.get_job(row["job_id"], location=scene.settings.location)
        assert (job.state, job.error_result, job.output_rows) == ("DONE", None, row["row_count"]), "I4"


def _check_ends(scene: Scene, source: Source, booked: list[dict[str, Any]]) -> None:
    """I5: every manifest that stands in the bucket is booked, older than what is, or its last event says why not."""
    for row in booked:
        if row["status"] == "rejected":
            assert ERRORS[row["code"]].kind is ErrorClass.REJECT, row
            assert row["message"], row
        assert row["status"] in ("loaded", "rejected", "waiting"), row
    told = {(row["manifest_uri"], row["execution"]) for row in booked}
    refused = {row["manifest_uri"] for row in booked if row["status"] == "rejected"}
    heads = {row["month"]: row["order_key"] for row in booked if row["status"] == "loaded"}
    for uri, export in _standing(scene.emulator, source):
        ended = scene.ended.get(uri)
        if isinstance(export, OtherExport) or (ended is not None and _says_why(ended)):
            continue
        if isinstance(export, Export):
            accounted = (uri, export.execution) in told or heads.get(export.month, "") > export.order_key
            assert accounted, f"I5: {uri} vanished; its last visit ended as {ended}"
        else:
            assert uri in refused, f"I5: {uri} cannot be read, and nobody says so"


def _says_why(outcome: Outcome) -> bool:
    """Skipped, waiting and rejected come with a code and a sentence; what waits for files names one."""
    if outcome.action == "loaded":
        return False
    assert outcome.code, outcome
    assert outcome.message, outcome
    if outcome.code == "WAITING_FOR_FILES":
        assert _WAITS_FOR.search(outcome.message), outcome
    return True


def _standing(emulator: Emulator, source: Source) -> Iterator[tuple[str, Export | OtherExport | None]]:
    """Every manifest that decides about a month; None for what cannot be read."""
    for blob in emulator.storage.list_blobs(source.bucket, prefix=source.prefix):
        if manifests.is_manifest(source, blob.name):
            yield f"gs://{source.bucket}/{blob.name}", _parsed(emulator, source, blob.name, int(blob.generation))


@cache
def _parsed(emulator: Emulator, source: Source, name: str, generation: int) -> Export | OtherExport | None:
    data = emulator.storage.bucket(source.bucket).blob(name).download_as_bytes()
    try:
        return manifests.parse(source, Manifest(name, generation, data))
    except BillingError:
        return None


def _check_swaps(settings: Settings, sent: Wire) -> None:
    """I3, I6: nothing ever touched a month but truncating loads of one partition, from that source's own objects."""
    by_table = {source.table: source for source in settings.sources}
    for job in sent.jobs:
        table, _, partition = job.table.partition("$")
        inside = f"gs://{by_table[table].bucket}/{by_table[table].prefix}"
        assert re.fullmatch(r"\d{6}", partition), f"I3: {job.job_id} loads no month of {table}"
        assert job.write == "WRITE_TRUNCATE", f"I3: {job.job_id} does not replace its month"
        assert all(uri.startswith(inside) and "*" not in uri for uri in job.uris), f"I6: {job.job_id}"
    named = re.compile("|".join(rf"\b{re.escape(table)}\b" for table in by_table))
    assert [sql for sql in sent.statements if named.search(sql)] == [], "I3: a month was changed by SQL"


def months_of(harness: Harness, spec: SourceSpec) -> dict[str, Held]:
    """Rows and total cost of every month that the table holds."""
    rows = harness.rows(
        f"SELECT FORMAT_DATE('%Y-%m', DATE({spec.shape['partition']})) AS month, COUNT(*) AS n,"
        f" SUM({spec.shape['cost']}) AS cost"
        f" FROM `{{dataset}}.{spec.table}` GROUP BY 1"
    )
    return {row["month"]: (row["n"], row["cost"]) for row in rows}


@contextmanager
def watched(harness: Harness, spec: SourceSpec, month: str, *allowed: Delivery) -> Iterator[None]:
    """I3: whoever reads meanwhile sees the month as one of the allowed deliveries left it, never empty or doubled."""
    seen: set[Held] = set()
    problems: list[Exception] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            try:
                seen.add(months_of(harness, spec).get(month, (0, None)))
            except Exception as problem:  # noqa: BLE001 - told by the assertion below
                problems.append(problem)
            over.wait(0.3)  # each look takes the emulator as long as a request of the load

    reader = threading.Thread(target=read, name=BYSTANDER, daemon=True)
    reader.start()
    try:
        yield
    finally:
        over.set()
        reader.join(timeout=30)
    assert problems == []
    assert seen <= {(one.totals.rows, one.totals.cost) for one in allowed}, "I3"
    checks.append("I3")
