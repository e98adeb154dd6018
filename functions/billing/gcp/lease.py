"""One writer per source and month: an object in the bookkeeping bucket, held by generation preconditions."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from billing.clock import Clock
from billing.errors import BillingError

# A function is gone after 540 s; what it held is free 60 s later, if its job is not running any more.
LEASE_DURATION = timedelta(seconds=600)


@dataclass(frozen=True)
class LeaseRecord:
    """What the object holds: who took the lease until when, and the job that it guards."""

    holder: str
    expires: datetime
    job_id: str | None


@dataclass
class Lease:
    """A held lease: the object's generation proves it."""

    blob: Any
    generation: int
    terms: LeaseRecord
    keep_for_job: bool = False  # between a job's insertion and its end

    def record(self, job_id: str) -> None:
        """Names the job before it is inserted, so that whoever takes over can look it up. Free when unchanged."""
        if job_id != self.terms.job_id:
            terms = replace(self.terms, job_id=job_id)
            generation, held = _write(self.blob, terms, self.generation)
            if held != terms:  # nor is it ours to release: the generation stays the one that we wrote
                raise BillingError("MONTH_LOCKED", f"The lease {self.blob.name} is another instance's by now.")
            self.generation, self.terms = generation, terms

    def release(self) -> None:
        from google.api_core.exceptions import NotFound, PreconditionFailed

        try:
            self.blob.delete(if_generation_match=self.generation)
        except (NotFound, PreconditionFailed):
            return  # expired and taken over: it is another's now


class Leases:
    """Leases in `gs://<bookkeeping bucket>/leases/<source>/<month>.json`."""

    def __init__(self, client: Any, bucket: str, clock: Clock, job_is_running: Callable[[str], bool]) -> None:
        self._bucket = client.bucket(bucket)
        self._clock = clock
        self._job_is_running = job_is_running

    def acquire(self, source: str, month: str, job_id: str | None) -> Lease:
        """Takes the lease of a month, over from one that expired too. Raises BillingError MONTH_LOCKED."""
        blob = self._bucket.blob(f"leases/{source}/{month}.json")
        terms = LeaseRecord(uuid.uuid4().hex, self._clock.now() + LEASE_DURATION, job_id)
        generation, held = _write(blob, terms, 0)
        if held == terms:
            return Lease(blob, generation, terms)
        if held.expires > self._clock.now():
            raise BillingError(
                "MONTH_LOCKED", f"Another instance writes {source} {month} until {held.expires:%H:%M:%S} UTC."
            )
        if held.job_id is not None and self._job_is_running(held.job_id):
            raise BillingError("MONTH_LOCKED", f"Load job {held.job_id} of {source} {month} is still running.")
        generation, held = _write(blob, terms, generation)
        if held != terms:
            raise BillingError("MONTH_LOCKED", f"Another instance has just taken over {source} {month}.")
        return Lease(blob, generation, terms)


def _read(blob: Any) -> tuple[int, LeaseRecord]:
    """Raises BillingError MONTH_LOCKED where the lease was released meanwhile."""
    from google.api_core.exceptions import NotFound

    try:
        held = json.loads(blob.download_as_bytes(checksum=None))
    except NotFound as exc:
        raise BillingError("MONTH_LOCKED", f"The lease {blob.name} was just released.") from exc
    terms = LeaseRecord(held["holder"], datetime.fromisoformat(held["expires"]), held["job_id"])
    return int(blob.generation), terms


def _write(blob: Any, terms: LeaseRecord, generation: int) -> tuple[int, LeaseRecord]:
    """Writes over exactly that generation (0: only if there is none), and says what stands there then.

    A write of our own that was answered late, and sent again by the client, is refused and stands all the same.
    """
    from google.api_core.exceptions import PreconditionFailed

    blob = blob.bucket.blob(blob.name)  # one that has a generation reads that one, and not what stands there then
    text = json.dumps({"holder": terms.holder, "expires": terms.expires.isoformat(), "job_id": terms.job_id})
    try:
        blob.upload_from_string(text, content_type="application/json", if_generation_match=generation, checksum=None)
    except PreconditionFailed:
        return _read(blob)
    return int(blob.generation), terms
