"""One delivery of three files, and states of its month, for the tests of `decide`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.decisions.decide import decide
from billing.decisions.decision import Load, Reject, Skip, Wait
from billing.decisions.delivery import Delivery, StoredObject, name_digest
from billing.decisions.policy import Policy
from billing.decisions.snapshot import MonthSnapshot
from billing.decisions.state import LoadedDelivery, MonthState, Rejection
from billing.decisions.table import Table, TableIdentity
from billing.manifests import DataFile, Export

NOW = datetime(2025, 10, 20, 12, tzinfo=UTC)
FIVE_MINUTES_AGO = NOW - timedelta(minutes=5)
SETTLE = timedelta(hours=3)
SETTLED = NOW - SETTLE  # files that have not changed since then have settled

TABLE = TableIdentity("p.d.t", "2025-01-01T00:00:00+00:00")
POLICY = Policy(SETTLE, "fingerprint-1")

FOLDER = "in/20251001-20251101/"
MANIFEST = f"{FOLDER}cur-Manifest.json"
FILES = tuple(f"{FOLDER}cur-{number}.csv.gz" for number in (1, 2, 3))

EXPORT = Export(
    name="cur",
    execution="run-2",
    month="2025-10",
    order_key="2",
    files=tuple(DataFile(name, None, None) for name in FILES),
    columns=(),
    overwrites=False,
    covers_until=None,
    rows=None,
)
SIZED_EXPORT = replace(EXPORT, files=tuple(DataFile(name, 10, None) for name in FILES))  # the manifest gives sizes


def stored(
    name: str, content: str = "2", *, size: int = 10, generation: int = 1, updated: datetime = FIVE_MINUTES_AGO
) -> StoredObject:
    return StoredObject(name, size, f"crc-{content}", generation, updated)


def delivery(
    export: Export = EXPORT, *, files: Iterable[str | StoredObject] = FILES, updated: datetime = FIVE_MINUTES_AGO
) -> Delivery:
    """A delivery as the bucket holds it: its manifest and these files. A name alone stands for the usual content."""
    objects = [stored(file, updated=updated) if isinstance(file, str) else file for file in (MANIFEST, *files)]
    return Delivery(export, MANIFEST, {one.name: one for one in objects})


def overwrite_export(execution: str = "run-2", files: Iterable[str] = FILES) -> Export:
    """An export whose next delivery overwrites manifest and files."""
    order_key = execution.removeprefix("run-")
    data = tuple(DataFile(name, None, None) for name in files)
    return replace(EXPORT, execution=execution, order_key=order_key, files=data, overwrites=True)


def overwrite_delivery(execution: str, written_by: str, updated: datetime = FIVE_MINUTES_AGO) -> Delivery:
    """The manifest of one run over files of any run. "21-": run 2 wrote the first, run 1 the second, none the third."""
    runs = zip(FILES, written_by, strict=True)
    files = [stored(name, run, updated=updated) for name, run in runs if run != "-"]
    return delivery(overwrite_export(execution), files=files, updated=updated)


DELIVERY = delivery()
LOADS = "loads"
DUPLICATE = Skip("DUPLICATE", "Already loaded by job-1.")
SUPERSEDED = Skip("SUPERSEDED", "Execution run-3 is newer and already loaded.")


def decide_for(
    delivery: Delivery,
    state: MonthState | None = None,
    *,
    table: TableIdentity = TABLE,
    owner: str = "",
    policy: Policy = POLICY,
    now: datetime = NOW,
) -> Skip | Wait | Reject | str:
    """Return the decision, or LOADS if it loads this delivery into this table."""
    known_state, known_table = state or MonthState(), Table(table, (), None)
    decision = decide(MonthSnapshot(delivery, known_state, known_table, owner), policy, now)
    if isinstance(decision, Load):
        assert decision == Load(delivery, known_state, known_table, owner)
        return LOADS
    return decision


def loaded(delivery: Delivery, **changes: Any) -> MonthState:
    """The state of a month that was loaded from this delivery. `changes` replace fields of the LoadedDelivery."""
    recorded = LoadedDelivery(
        execution=delivery.export.execution,
        order_key=delivery.export.order_key,
        content=delivery.content,
        covers_until=delivery.export.covers_until,
        rows=7,
        job_id="job-1",
        table=TABLE.name,
        table_created=TABLE.created,
        ended="2025-10-20T11:00:00.000000+00:00",
        files={name_digest(one.name): one.content for one in delivery.files} if delivery.export.overwrites else {},
    )
    return MonthState(loaded=replace(recorded, **changes))


def older_load(**changes: Any) -> MonthState:
    """The state of a month that was loaded from run 1, the run before DELIVERY."""
    return loaded(DELIVERY, **{"execution": "run-1", "order_key": "1", "content": "other", **changes})


def newer_load(**changes: Any) -> MonthState:
    """The state of a month that was loaded from run 3, the run after DELIVERY."""
    return loaded(DELIVERY, **{"execution": "run-3", "order_key": "3", "content": "other", **changes})


REJECTION = Rejection("VALUE_DOES_NOT_FIT", DELIVERY.content, POLICY.fingerprint(TABLE.created))
REJECTED = MonthState(rejected={"run-2": REJECTION})
ALREADY_REJECTED = Skip(
    "ALREADY_REJECTED", "Execution run-2 was rejected as VALUE_DOES_NOT_FIT, and nothing changed since."
)


def waits_to_settle(until: str) -> Wait:
    """The wait for an overwrite delivery that settles at this time of NOW's day."""
    message = "Some files may belong to another delivery. The month loads when all files have changed, or at"
    return Wait("WAITING_TO_SETTLE", f"{message} 2025-10-20 {until} UTC.")


SETTLES = waits_to_settle("14:55")  # the usual files are five minutes old
