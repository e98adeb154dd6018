"""The lease of a table's month: an object in the bookkeeping bucket. Its holder is the only writer of the month.

Every write of the object has a generation precondition, so two instances cannot hold it at the same time.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from billing.clock import Clock
from billing.decisions.load_key import are_same_load
from billing.errors import BillingError

LEASE_DURATION = timedelta(seconds=600)  # a function runs for 540 s at most
MAX_DIFFERENCE = timedelta(minutes=1)  # of a machine's clock from Google's; the dates of answers are this exact
# An answer that arrives late sets a clock back, by twice MAX_DIFFERENCE at most on a machine that may take a lease.
# There, a lease that was just taken ends so much later. One that ends later still is no real one.
_LATE_ANSWERS = 2 * MAX_DIFFERENCE


@dataclass(frozen=True)
class LeaseRecord:
    """What the object holds: the holder, the time of expiry, and the job that the holder may have started."""

    holder: str
    expires: datetime
    job_id: str | None
    crashes: int = 0  # holders before this one that stopped while they had the same load, one after the other
    has_ended: bool = False  # the holder ended, and its job may still run


@dataclass
class Lease:
    """A lease that is held. The object's generation proves it."""

    blob: Any
    generation: int
    holds: LeaseRecord
    keep_for_job: bool = False  # a job may be running: the next instance must find its id in the lease

    def record(self, job_id: str) -> None:
        """Write the job's id into the lease before the job is inserted. The write proves that the lease is still held.

        Raises BillingError: MONTH_LOCKED.
        """
        wanted = replace(self.holds, job_id=job_id)
        generation, found = _write(self.blob, wanted, self.generation)
        if found != wanted:  # our generation stays as it is: it must not release the other instance's lease
            raise BillingError("MONTH_LOCKED", f"Another instance has taken over the lease {self.blob.name}.")
        self.generation, self.holds = generation, wanted

    def keep(self) -> None:
        """Leave the lease for the job, so that the next instance finds its id. It does not count as a crash."""
        _write(self.blob, replace(self.holds, has_ended=True), self.generation)

    def release(self) -> None:
        from google.api_core.exceptions import NotFound, PreconditionFailed

        try:
            self.blob.delete(if_generation_match=self.generation)
        except (NotFound, PreconditionFailed):
            return  # it expired, and another instance has taken it over


class Leases:
    """Leases in `gs://<bookkeeping bucket>/leases/<table>/<month>.json`."""

    def __init__(self, client: Any, bucket: str, clock: Clock, job_may_run: Callable[[str], bool]) -> None:
        self._client = client
        self._bucket = client.bucket(bucket)
        self._clock = clock
        self._job_may_run = job_may_run

    @contextmanager
    def hold(self, table: str, month: str, job_id: str | None = None) -> Iterator[Lease]:
        """Hold the lease of a month. Release it at the end, unless it names a job that may still be running.

        Raises BillingError: MONTH_LOCKED, CLOCK_WRONG.
        """
        lease = self.acquire(table, month, job_id)
        try:
            yield lease
        finally:
            lease.keep() if lease.keep_for_job else lease.release()

    def months_of(self, table: str) -> set[str]:
        """Return the months that have a lease, held or left by an instance that stopped. One request."""
        prefix = f"leases/{table}/"
        return {
            blob.name.removeprefix(prefix).removesuffix(".json")
            for blob in self._client.list_blobs(self._bucket, prefix=prefix)
        }

    def acquire(self, table: str, month: str, job_id: str | None) -> Lease:
        """Take the lease of a month, also from an expired holder. A lease that ends later than it can is expired.

        Raises BillingError: MONTH_LOCKED, CLOCK_WRONG, BOOKKEEPING_UNREADABLE.
        """
        self._check_clock()
        blob = self._bucket.blob(f"leases/{table}/{month}.json")
        wanted = LeaseRecord(uuid.uuid4().hex, self._clock.now() + LEASE_DURATION, job_id)
        generation, found = _write(blob, wanted, 0)
        if found == wanted:
            return Lease(blob, generation, wanted)
        if timedelta() < found.expires - self._clock.now() <= LEASE_DURATION + _LATE_ANSWERS:
            until = f"{found.expires:%H:%M:%S} UTC"
            raise BillingError("MONTH_LOCKED", f"Another instance writes {table} {month} until {until}.")
        if found.job_id is not None and self._job_may_run(found.job_id):
            raise BillingError("MONTH_LOCKED", f"Load job {found.job_id} of {table} {month} is still running.")
        if are_same_load(found.job_id, job_id) and not found.has_ended:
            wanted = replace(wanted, crashes=found.crashes + 1)
        generation, found = _write(blob, wanted, generation)
        if found != wanted:
            raise BillingError("MONTH_LOCKED", f"Another instance has just taken over {table} {month}.")
        return Lease(blob, generation, wanted)

    def _check_clock(self) -> None:
        """A machine with a wrong clock may hold no lease, so it writes nothing."""
        difference = self._clock.now() - self._clock.local()
        if abs(difference) > MAX_DIFFERENCE:
            where = "behind" if difference > timedelta() else "ahead of"
            wrong = f"This machine's clock is {abs(difference).total_seconds():.0f} s {where} Google's"
            raise BillingError("CLOCK_WRONG", f"{wrong}. It loads nothing, and another instance tries again.")


def _read(blob: Any) -> tuple[int, LeaseRecord]:
    """Raises BillingError: BOOKKEEPING_UNREADABLE, and MONTH_LOCKED if the lease was released meanwhile."""
    from google.api_core.exceptions import NotFound

    try:
        data = blob.download_as_bytes(checksum=None)
    except NotFound as exc:
        raise BillingError("MONTH_LOCKED", f"The lease {blob.name} was just released.") from exc
    return int(blob.generation), _decoded(blob, data)


def _decoded(blob: Any, data: bytes) -> LeaseRecord:
    """Decode a lease, also one of a later version with more fields. A lease of somebody else may hide a running job."""
    try:
        held = msgspec.json.decode(data, type=LeaseRecord)
        problem = None if held.expires.tzinfo is not None else "the time has no zone"
    except (ValueError, RecursionError) as exc:
        problem = str(exc)
    if problem is not None:
        found = (
            f"gs://{blob.bucket.name}/{blob.name} is no lease ({problem}), so nobody knows whether the month is loaded"
        )
        raise BillingError("BOOKKEEPING_UNREADABLE", f"{found} now: if no load job runs, delete it.")
    return held


def _write(blob: Any, wanted: LeaseRecord, generation: int) -> tuple[int, LeaseRecord]:
    """Replace exactly that generation (0: only if the object does not exist). Return what the object then holds.

    If the client retries a write that already succeeded, the retry fails its precondition. The object then holds our
    lease, so read it back.
    """
    from google.api_core.exceptions import PreconditionFailed

    blob = blob.bucket.blob(blob.name)  # a blob with a generation would read that generation, and not the newest
    text = json.dumps({**asdict(wanted), "expires": wanted.expires.isoformat()})
    try:
        blob.upload_from_string(text, content_type="application/json", if_generation_match=generation, checksum=None)
    except PreconditionFailed:
        return _read(blob)
    return int(blob.generation), wanted
