"""What is recorded of a load, a rejection and a wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing.decisions.billed import Billed, CurrencyCost
from billing.decisions.decision import Load, Reject, Wait
from billing.decisions.delivery import Delivery, StoredObject, name_digest
from billing.decisions.policy import Policy
from billing.decisions.record import (
    Finding,
    LoadResult,
    check_cost,
    check_load,
    loaded_record,
    rejected_record,
    waiting_record,
)
from billing.decisions.snapshot import IncompleteDelivery, MonthSnapshot, UnreadableManifest
from billing.decisions.state import LoadedDelivery, MonthState, Rejection, job_time
from billing.decisions.table import Table, TableIdentity
from billing.manifests import DataFile, Export

NOW = datetime(2025, 10, 20, 12, tzinfo=UTC)
TABLE = Table(TableIdentity("p.d.t", "2025-01-01T00:00:00+00:00"), (), None)
POLICY = Policy(timedelta(hours=3), "v1")
FILE = StoredObject("in/part-1.csv.gz", 10, "crc", 1, NOW)
EXPORT = Export("cur", "run-2", "2025-10", "2", (DataFile(FILE.name, None, None),), (), False, "2025-10-19", 7)
DELIVERY = Delivery(EXPORT, "in/manifest.json", {FILE.name: FILE})
OLD_REJECTION = Rejection("EMPTY_DELIVERY", "content", "v0")
STATE = MonthState(rejected={"run-2": OLD_REJECTION}, waiting="something")
LOAD = Load(DELIVERY, STATE, TABLE)
RESULT = LoadResult("job-1", 7, NOW)
BILLED = Billed((CurrencyCost("USD", 7, Decimal("1.50")),), invoiced=False)
COSTS = '[{"currency":"USD","rows":7,"cost":"1.5"}]'
URI = "gs://bucket/in/manifest.json"
DELIVERY_COLUMNS = {
    "manifest_uri": URI,
    "content": DELIVERY.content,
    "file_count": 1,
    "byte_count": 10,
    "order_key": "2",
    "covers_until": "2025-10-19",
}


def test_load_with_the_manifest_s_row_count_has_no_finding() -> None:
    assert check_load(DELIVERY, DELIVERY, RESULT) is None


def test_manifest_without_a_row_count_has_no_finding() -> None:
    uncounted = replace(DELIVERY, export=replace(EXPORT, rows=None))

    assert check_load(uncounted, uncounted, replace(RESULT, rows=3)) is None


@pytest.mark.parametrize(
    ("after", "rows", "code"),
    [
        pytest.param(DELIVERY, 6, "ROW_COUNT_MISMATCH", id="fewer rows"),
        pytest.param(
            replace(DELIVERY, objects={FILE.name: replace(FILE, generation=2)}),
            7,
            "FILES_CHANGED_DURING_LOAD",
            id="another generation",
        ),
        pytest.param(replace(DELIVERY, objects={}), 6, "FILES_CHANGED_DURING_LOAD", id="a file is gone"),
    ],
)
def test_other_rows_or_changed_files_are_a_finding(after: Delivery, rows: int, code: str) -> None:
    finding = check_load(DELIVERY, after, replace(RESULT, rows=rows))

    assert finding is not None
    assert finding.code == code


def test_load_replaces_state_and_rejection_of_its_execution() -> None:
    record = loaded_record(LOAD, URI, RESULT, [], BILLED)

    loaded = LoadedDelivery(
        "run-2",
        "2",
        DELIVERY.content,
        "2025-10-19",
        7,
        "job-1",
        "p.d.t",
        TABLE.identity.created,
        job_time(NOW),
        byte_count=10,
        costs=COSTS,
    )
    assert record.month == "2025-10"
    assert record.state == MonthState(loaded_executions=("run-2",), loaded=loaded)
    assert (record.row.status, record.row.execution) == ("loaded", "run-2")
    assert record.row.columns == {
        **DELIVERY_COLUMNS,
        "row_count": 7,
        "job_id": "job-1",
        "job_ended": NOW,
        "table_created": TABLE.identity.created,
        "cost": Decimal("1.50"),
        "costs": COSTS,
        "invoiced": False,
    }


def test_finding_is_recorded_with_its_load() -> None:
    finding = Finding("FILES_CHANGED_DURING_LOAD", "A file was replaced.")

    record = loaded_record(LOAD, URI, RESULT, [finding], BILLED)

    assert record.state.loaded is not None
    assert record.state.loaded.changed_during_load
    assert (record.row.columns["code"], record.row.columns["message"]) == (finding.code, finding.message)


def test_row_has_the_code_of_the_first_finding_and_all_messages() -> None:
    findings = [Finding("ROW_COUNT_MISMATCH", "7 rows, not 8."), Finding("MONTH_SHRANK", "7 rows after 90.", "WARNING")]

    record = loaded_record(LOAD, URI, RESULT, findings, BILLED)

    found = record.row.columns["code"], record.row.columns["message"]
    assert found == ("ROW_COUNT_MISMATCH", "7 rows, not 8. 7 rows after 90.")


@pytest.mark.parametrize(
    ("billed", "columns"),
    [
        (Billed(failure="Bad request."), {}),
        (Billed((CurrencyCost(None, 7, None),)), {"costs": '[{"currency":null,"rows":7,"cost":null}]'}),
        (
            Billed((CurrencyCost("USD", 1, Decimal("20.00")), CurrencyCost("CNY", 6, Decimal("3E+2"))), invoiced=True),
            {
                "costs": '[{"currency":"CNY","rows":6,"cost":"300"},{"currency":"USD","rows":1,"cost":"20"}]',
                "invoiced": True,
            },
        ),
    ],
    ids=["not measured", "no column", "two currencies"],
)
def test_costs_in_two_currencies_have_no_sum(billed: Billed, columns: dict[str, object]) -> None:
    record = loaded_record(LOAD, URI, RESULT, [], billed)

    assert record.row.columns.items() >= columns.items()
    assert {"cost", "costs", "invoiced"} & set(record.row.columns) == set(columns)
    assert record.state.loaded is not None
    assert record.state.loaded.costs == columns.get("costs")


@pytest.mark.parametrize(
    ("billed", "message"),
    [
        (BILLED, None),
        (replace(BILLED, unreadable=3), "3 rows have a cost that is not a number, infinite or too large."),
        (Billed(failure="overflow"), "The cost of the month could not be read: overflow"),
        (Billed((CurrencyCost("USD", 7, None), CurrencyCost(None, 1, None))), "No row of the month has a cost:"),
        (Billed((CurrencyCost("USD", 7, Decimal(0)), CurrencyCost(None, 1, None))), None),
    ],
    ids=["all readable", "some not", "none", "no row has one", "some rows have none"],
)
def test_cost_that_cannot_be_read_is_a_finding(billed: Billed, message: str | None) -> None:
    finding = check_cost(billed)

    assert (finding and finding.code) == (message and "COST_UNREADABLE")
    assert finding is None or finding.message.startswith(str(message))


def test_only_overwrite_deliveries_record_file_contents() -> None:
    overwriting = replace(DELIVERY, export=replace(EXPORT, overwrites=True))

    record = loaded_record(replace(LOAD, delivery=overwriting), URI, RESULT, [], BILLED)

    assert record.state.loaded is not None
    assert record.state.loaded.files == {name_digest(FILE.name): "10:crc"}


def test_rejection_keeps_the_load_and_names_the_table() -> None:
    state = replace(STATE, loaded=loaded_record(LOAD, URI, RESULT, [], BILLED).state.loaded)
    snapshot = MonthSnapshot(DELIVERY, state, TABLE)

    record = rejected_record(snapshot, Reject("COLUMN_NAME", "A bad name."), URI, POLICY)

    rejection = Rejection("COLUMN_NAME", DELIVERY.content, f"v1 {TABLE.identity.created}")
    assert record.state == MonthState(loaded=state.loaded, rejected={"run-2": rejection})
    assert record.row.status == "rejected"
    assert record.row.columns == {**DELIVERY_COLUMNS, "code": "COLUMN_NAME", "message": "A bad name."}


def test_unreadable_manifest_is_recorded_by_its_generation() -> None:
    rejection = Reject("MANIFEST_NOT_JSON", "It is cut.")
    snapshot = UnreadableManifest("2025-10", 5, rejection, MonthState())

    record = rejected_record(snapshot, rejection, URI, POLICY)

    assert record.state.rejected == {"manifest-5": Rejection("MANIFEST_NOT_JSON", "5", "v1")}
    assert (record.month, record.row.execution) == ("2025-10", "manifest-5")
    assert record.row.columns == {
        "manifest_uri": URI,
        "content": "5",
        "code": "MANIFEST_NOT_JSON",
        "message": "It is cut.",
    }


def test_wait_is_recorded_with_what_it_waits_for() -> None:
    wait = Wait("WAITING_FOR_FILES", "1 of 1 files missing.")
    snapshot = IncompleteDelivery(DELIVERY, STATE, wait)

    record = waiting_record(snapshot, wait, URI, "manifest.json 1 WAITING_FOR_FILES")

    assert record.state == replace(STATE, waiting="manifest.json 1 WAITING_FOR_FILES")
    assert record.row.status == "waiting"
    assert record.row.columns == {**DELIVERY_COLUMNS, "code": wait.code, "message": wait.message}


WRITTEN = NOW - timedelta(days=1)


@pytest.mark.fault("F30")
@pytest.mark.parametrize(
    ("overwrites", "has_id", "hours_apart", "code"),
    [
        pytest.param(True, True, 2, "MIXED_DELIVERY", id="long before the manifest"),
        pytest.param(True, True, -2, "MIXED_DELIVERY", id="after the manifest"),
        pytest.param(True, True, 0.5, None, id="shortly before the manifest"),
        pytest.param(True, False, 48, None, id="the manifest is of any delivery"),
        pytest.param(False, True, 2, None, id="every delivery has its own names"),
    ],
)
def test_overwrite_delivery_with_times_apart_is_told(
    overwrites: bool, has_id: bool, hours_apart: float, code: str | None
) -> None:
    export = replace(EXPORT, overwrites=overwrites, has_execution_id=has_id)
    manifest = replace(FILE, name=DELIVERY.manifest, written=WRITTEN)
    file = replace(FILE, written=WRITTEN - timedelta(hours=hours_apart))
    before = replace(DELIVERY, export=export, objects={manifest.name: manifest, file.name: file})

    finding = check_load(before, before, RESULT)
    findings = [finding] if finding is not None else []
    loaded = loaded_record(replace(LOAD, delivery=before), URI, RESULT, findings, BILLED).state.loaded

    assert loaded is not None
    assert (finding and finding.code, loaded.looks_mixed) == (code, code is not None)
