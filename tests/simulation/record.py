"""What each month holds and what was told of each delivery, and the invariants that this record must keep.

The checks that need no history are in tests/faults/invariants.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.bigquery import Job
from tests.fakes.staging_sql import parse_swap
from tests.faults.invariants import check_content, check_job, check_reason, check_recorded, check_rows, source_of
from tests.faults.transport import SentLoad
from tests.simulation import oracle
from tests.simulation.backends import Backend
from tests.simulation.instances import Instance
from tests.simulation.provider import STREAMS, Delivery, Stream
from tests.simulation.transfer import Transfer
from tests.support.deployment import ITEM

_LAST_ACTIONS = frozenset({"loaded", "skipped", "waiting", "rejected", "retried", "ignored"})
_LEFT_SINCE = re.compile(r"Every sweep since ([-0-9]+ [:0-9]+) UTC left this for the next one: ")


class Violation(BaseException):
    """An invariant does not hold while an instance runs. The code under test cannot catch it."""


class Record:
    def __init__(self, backend: Backend, transfer: Transfer) -> None:
        self.backend = backend
        self.transfer = transfer
        self.running: Instance | None = None
        self._holds: dict[Stream, Delivery | None] = defaultdict(lambda: None)  # None: empty or mixed
        self._mixed: set[Stream] = set()
        self._rejected: dict[str, datetime] = {}  # executions, since a table or dlt's tables last changed
        self._changed = backend.clock.now()
        self._jobs: dict[str, Job] = {}  # that replaced a month
        self._loaded_by: dict[str, Delivery | None] = {}  # by job; None: a file changed during the load
        self._inserted_by: dict[str, Instance] = {}
        self._staged: dict[str, tuple[str, ...]] = {}  # the files of each staging table
        backend.watch(_uncatchable(self._job_inserted), _uncatchable(self._month_replaced))

    def table_recreated(self, key: str) -> None:
        self.rejections_forgotten()
        for stream in [one for one in self._holds if one.key == key]:
            self._holds[stream] = None

    def rejections_forgotten(self) -> None:
        self._rejected, self._changed = {}, self.backend.clock.now()

    def _job_inserted(self, job: Job) -> None:
        assert self.running is not None
        self._inserted_by[job.job_id] = self.running
        table = job.table.rpartition(".")[2] + (f"${job.month}" if job.month else "")
        source = source_of(self.backend.settings.sources, table)
        check_job(source, SentLoad(job.job_id, table, tuple(job.uris), job.config.write_disposition))
        if not job.month:
            self._staged[job.table] = tuple(job.uris)

    def _month_replaced(self, job: Job) -> None:
        """I1, I2, I3: one whole delivery replaces the month, and none that is older, except by a replay."""
        if not job.month:
            return  # a staging table
        uris = self._staged[parse_swap(job.sql).table] if job.sql else job.uris
        stream = self._stream_of(job)
        self._jobs[job.job_id] = job
        items = sorted(str(dict(row)[ITEM[stream.key]]) for row in job.rows)
        instance = self._inserted_by[job.job_id]
        same = [one for one in self.transfer.deliveries[stream] if list(one.items) == items and one.is_good]
        has_changed = any(self.transfer.arrived[uri.split("/", 3)[3]] > instance.started for uri in uris)
        if items or not has_changed:  # files without rows may have replaced all of them after their headers were read
            check_rows(stream, items)
        assert same or has_changed, f"I1: {stream} holds {items}, which no delivery has"
        new = max(same, key=lambda one: one.rank, default=None)
        old, self._holds[stream], self._loaded_by[job.job_id] = self._holds[stream], new, new
        if new is None:
            self._mixed.add(stream)  # perhaps no whole delivery is in the bucket to replace it
        if old is not None and new is not None and not instance.is_replay and self._is_recorded(old):
            assert new.rank >= old.rank, f"I2: {new} over {old}, which is newer or covers more"

    def _stream_of(self, job: Job) -> Stream:
        source = next(one for one in self.backend.settings.sources if one.destination == job.table)
        month = f"{job.month[:4]}-{job.month[4:]}"
        return next(stream for stream in STREAMS.values() if (stream.key, stream.month) == (source.key, month))

    def check_line(self, line: dict[str, Any], instance: Instance, paused: Sequence[Instance]) -> None:
        """I4, I5: check the log line that tells how a delivery ended."""
        action, code = line["action"], line.get("code")
        assert line["severity"] != "ERROR" or action in _LAST_ACTIONS or self._was_left_for_long(line), f"I5: {line}"
        if action in ("skipped", "waiting", "rejected"):
            check_reason(action, code, line["message"])
        delivery = self.transfer.delivery_of(line.get("execution"))
        if delivery is None:
            return
        if action == "loaded":
            self._check_load(delivery, line["job_id"], code)
            self._rejected.pop(delivery.execution, None)
        if action == "rejected" and self._was_whole(delivery, instance):
            assert code in oracle.REJECTION_CODES.get(delivery.kind, ()), f"I5: {delivery} was rejected: {line}"
            self._check_rejected_once(delivery, instance, paused)

    def _was_left_for_long(self, line: dict[str, Any]) -> bool:
        """Return whether a sweep tells truly what sweeps have left over for hours. Only such an error is `failed`."""
        since = _LEFT_SINCE.match(line["message"])
        if since is None or line["action"] != "failed":
            return False
        return self.backend.clock.now() - datetime.fromisoformat(f"{since[1]}Z") >= timedelta(hours=2, minutes=30)

    def _check_load(self, delivery: Delivery, job_id: str, code: str | None) -> None:
        """I1, I4: recorded once, with the rows of its job, and mixed only if the line says that files changed."""
        job = self._jobs[job_id]
        rows = [row for row in self._recorded_loads(delivery.stream) if row["job_id"] == job_id]
        check_recorded(
            delivery, {(row["execution"], row["row_count"]) for row in rows}, (delivery.execution, len(job.rows))
        )
        if code != "FILES_CHANGED_DURING_LOAD":
            held = self._loaded_by[job_id]
            assert held is not None, f"I1: {delivery} was recorded as whole, but its files changed during the load"
            assert held.items == delivery.items, f"I4: {delivery} was recorded, but {held} was loaded"

    def _was_whole(self, delivery: Delivery, instance: Instance) -> bool:
        """Return whether the instance saw files of this delivery only. Overwritten names may be of two."""
        return not delivery.stream.overwrites or (
            oracle.is_whole(delivery, self.transfer.landed)
            and all(self.transfer.arrived[name] <= instance.started for name in delivery.objects)
        )

    def _check_rejected_once(self, delivery: Delivery, instance: Instance, paused: Sequence[Instance]) -> None:
        """I5: a delivery is rejected once until something changes, or until a replay.

        A paused instance may record the month later, without the rejection. Then it may be told again.
        """
        told = self._rejected.get(delivery.execution)
        is_again = told is not None and told <= instance.started and not instance.is_replay
        assert not is_again, f"I5: {delivery} was rejected before, and nothing changed since"
        has_overlapped = instance.has_paused or any(_may_record(one.event, delivery.stream) for one in paused)
        if instance.started > self._changed and not has_overlapped:
            self._rejected[delivery.execution] = self.backend.clock.now()

    def _recorded_loads(self, stream: Stream) -> list[dict[str, Any]]:
        """Return the recorded loads of a month, oldest first."""
        source = self.backend.source(stream.key)
        rows = self.backend.ever_loaded(source, stream.month)
        return [{**row, "execution": row[source.format.execution_column]} for row in rows]

    def _is_recorded(self, delivery: Delivery) -> bool:
        """Return whether it is the last recorded load of its month, into the table as it is now."""
        last = [(row["execution"], row["table_created"]) for row in self._recorded_loads(delivery.stream)][-1:]
        return last == [(delivery.execution, self.backend.created(delivery.stream.key))]

    def needs_work(self, report: dict[str, Any]) -> bool:
        """Return whether a sweep did something, or found a month that a delivery in the bucket can restore."""
        lost = [f"{one.key} {one.month}" for one in self.transfer.deliveries if self._expected(one) is None]
        restorable = [month for month in report["mismatched"] if month not in lost]
        return bool(restorable) or any(report[kind] for kind in ("loaded", "rejected", "deferred"))

    def _expected(self, stream: Stream) -> Delivery | None:
        return oracle.expected(self.transfer.deliveries[stream], self.transfer.landed)

    def check_end(self, report: dict[str, Any]) -> None:
        """Check every month after the last sweep. A staging table that a crash left expires."""
        assert self.backend.lasting_staging_tables() == [], "I6: a staging table stays for ever"
        for stream in self.transfer.deliveries:
            wanted, items = self._expected(stream), self.backend.items(stream.key).get(stream.month, [])
            if wanted is not None:
                check_content(stream, items, list(wanted.items))
                assert self._is_recorded(wanted), f"I4: {wanted} is not recorded"
            elif items:
                self._check_unrestorable(stream, items, report)

    def _check_unrestorable(self, stream: Stream, items: list[str], report: dict[str, Any]) -> None:
        """I1, I5: no delivery in the bucket can replace the month. The record or each sweep must tell what it holds."""
        held = self._holds[stream]
        assert held is not None or stream in self._mixed, f"I1: {stream} holds {items}"
        assert held is None or items == list(held.items), f"I1: {stream} holds {items}, not {held}"
        is_told = f"{stream.key} {stream.month}" in report["mismatched"]
        is_recorded = held is not None and self._is_recorded(held)
        assert is_told or is_recorded, f"I5: nothing tells that {stream} holds {items}"


def _may_record(event: str | None, stream: Stream) -> bool:
    """Return whether a paused instance may record this month later, by what it read before."""
    return event is None or (stream.period in event and stream.key.startswith(event.partition("/")[0]))


def _uncatchable(check: Callable[[Job], None]) -> Callable[[Job], None]:
    def checked(job: Job) -> None:
        try:
            check(job)
        except AssertionError as error:
            raise Violation(str(error)) from error

    return checked
