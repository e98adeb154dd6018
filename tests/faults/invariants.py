"""The invariants I1 to I6: what must hold after every fault, by the record of what was delivered.

I1  A month holds one whole delivery, or nothing.
I2  It is the newest complete delivery; nothing older ever replaces something newer.
I3  A reader never sees a month empty, doubled or mixed: one truncating load job replaces it.
I4  Every load is recorded once, with the rows that its job loaded.
I5  No delivery disappears without a word: it is loaded, older, rejected once, or waiting, and the reason is told.
I6  Other months and other sources stay as they are; no object outside the source's prefix is loaded.

The functions at the top take values only: the simulation calls them on the fakes and on the emulator.
`check_invariants` reads the values from the emulator.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from billing.errors import ERRORS, ErrorClass
from billing.manifests import Export, OtherExport
from billing.settings import Source, read_settings
from billing.workflows.outcome import Outcome
from tests.faults.observation import Observed
from tests.faults.transport import OBSERVER, SentLoad, unseen
from tests.samples import Delivery
from tests.support.harness import Harness
from tests.support.sources import SourceSpec

if TYPE_CHECKING:
    from tests.support.terraform_deployment import TerraformDeployment

Content = TypeVar("Content")
Expected = Mapping[tuple[SourceSpec, str], Delivery]
_MISSING_FILES = re.compile(r"\d+ of \d+ files missing, first \S+|\d+ not of the manifest's size, first \S+")
_READ_SECONDS = 0.3  # between two reads: each takes the emulator as long as a request of the load
checks: list[str] = []  # one entry per invariant checked, for `make faults`


def check_content(where: object, held: Content, wanted: Content) -> None:
    """I1, I2, I6: a table or a month holds what the expected deliveries hold, and nothing else."""
    assert held == wanted, f"I1, I2, I6: {where} holds {held}, not {wanted}"


def check_rows(where: object, items: Sequence[str]) -> None:
    """I3: a month that a load job replaced is neither empty nor doubled."""
    assert items, f"I3: {where} is empty"
    assert len(items) == len(set(items)), f"I3: {where} has rows twice"


def check_job(source: Source, job: SentLoad) -> None:
    """I3, I6: a job replaces one month of its source's table, from that source's own objects or a staging table.

    A staging table is filled once.
    """
    table, _, partition = job.table.partition("$")
    if is_staging(table):
        assert (partition, job.write) == ("", "WRITE_EMPTY"), f"I3: {job.job_id} fills {table} again"
        assert table.startswith(f"{source.table}_staging_"), f"I6: {job.job_id} loads into {table}"
    else:
        assert table == source.destination.rpartition(".")[2], f"I6: {job.job_id} loads into {table}"
        assert re.fullmatch(r"\d{6}", partition), f"I3: {job.job_id} loads no month of {table}"
        assert job.write == "WRITE_TRUNCATE", f"I3: {job.job_id} does not replace its month"
    inside = f"gs://{source.bucket}/{source.prefix}"
    assert all(uri.startswith(inside) and "*" not in uri for uri in job.uris), f"I6: {job.job_id}"


def is_staging(table: str) -> bool:
    return "_staging_" in table


def source_of(sources: Sequence[Source], table: str) -> Source:
    """Return the source whose table, or a staging table of it, a job writes."""
    name = table.partition("$")[0].partition("_staging_")[0]
    return next(source for source in sources if source.table == name)


def check_recorded(where: object, recorded: Collection[tuple[str, int]], wanted: tuple[str, int]) -> None:
    """I4: a load is recorded once, with its execution and its number of rows."""
    assert list(recorded) == [wanted], f"I4: {where} is recorded as {list(recorded)}, not as {wanted}"


def check_reason(status: str, code: str | None, message: str | None) -> None:
    """I5: who rejects, skips or waits says why. A delivery is rejected only for what is wrong with itself."""
    assert status in ("loaded", "rejected", "waiting", "skipped"), f"I5: {status}"
    if status == "rejected":
        assert code is not None, "I5: rejected without a code"
        assert ERRORS[code].kind is ErrorClass.REJECT, f"I5: rejected as {code}"
    if status != "loaded":
        assert code, f"I5: {status} without a code"
        assert message, f"I5: {status} as {code} without a message"
    if code == "WAITING_FOR_FILES":
        assert _MISSING_FILES.search(message or ""), f"I5: {message} names no file"


def check_invariants(harness: Harness, expected: Expected) -> None:
    """Check I1 to I6: the tables hold the expected deliveries and nothing else."""
    wanted = {(spec.key.lower(), month): delivery for (spec, month), delivery in expected.items()}
    _check(Observed(harness.emulator, harness.settings, harness.sent, harness.outcomes), wanted)


def check_deployment(system: TerraformDeployment, expected: Mapping[tuple[str, str], Delivery]) -> None:
    """Check deployed functions. Their requests are not seen, so I3 is left to `watched`."""
    _check(Observed(system.emulator, read_settings(system.environment)), expected)


def _check(seen: Observed, expected: Mapping[tuple[str, str], Delivery]) -> None:
    sources = seen.settings.sources
    assert {key for key, _ in expected} <= {source.key for source in sources}
    with unseen():
        for source in sources:
            wanted = {month: delivery for (key, month), delivery in expected.items() if key == source.key}
            tracking = seen.tracking(source)
            _check_table(seen, source, wanted)
            _check_loads(seen, source, wanted, tracking)
            _check_manifests(seen, source, tracking)
    if seen.sent is not None:
        _check_writes(sources, seen.sent.jobs, seen.sent.statements)
    checks.extend(("I1", "I2", *(("I3",) if seen.sent is not None else ()), "I4", "I5", "I6"))


def _check_table(seen: Observed, source: Source, wanted: Mapping[str, Delivery]) -> None:
    if not wanted:
        assert seen.is_empty(source), f"I6: {source.table} is not empty"
        return
    totals = {month: (one.totals.rows, dict(one.totals.by_service)) for month, one in wanted.items()}
    check_content(source.table, seen.totals(source), totals)


def _check_loads(
    seen: Observed, source: Source, wanted: Mapping[str, Delivery], tracking: Sequence[Mapping[str, Any]]
) -> None:
    if not wanted:
        assert not [row for row in tracking if row["status"] == "loaded"], f"I4: {source.table} is empty, but loaded"
        return
    loads = seen.loads(source)
    jobs = [row["job_id"] for row in loads]
    assert len(jobs) == len(set(jobs)), f"I4: a load job of {source.table} is recorded twice"
    current = {row["month"]: row for row in loads}
    assert current.keys() == wanted.keys(), f"I4: {source.table}"
    for month, delivery in wanted.items():
        row = current[month]
        check_recorded(month, [(row["execution"], row["row_count"])], (delivery.execution, delivery.totals.rows))
        assert seen.job(row["job_id"]) == ("DONE", None, row["row_count"]), f"I4: {row['job_id']}"


def _check_manifests(seen: Observed, source: Source, tracking: Sequence[Mapping[str, Any]]) -> None:
    """I5: every manifest in the bucket is recorded, or older than what is loaded, or its last event told why not."""
    for row in tracking:
        check_reason(row["status"], row["code"], row["message"])
    recorded = {(row["manifest_uri"], row["execution"]) for row in tracking}
    rejected = {row["manifest_uri"] for row in tracking if row["status"] == "rejected"}
    loaded = {row["month"]: row["order_key"] for row in tracking if row["status"] == "loaded"}
    for uri, export in seen.manifests(source):
        ended = seen.ended.get(uri)
        if isinstance(export, OtherExport) or (ended is not None and _has_reason(ended)):
            continue
        if isinstance(export, Export):
            is_known = (uri, export.execution) in recorded or loaded.get(export.month, "") > export.order_key
            assert is_known, f"I5: {uri} disappeared; its last event ended as {ended}"
        else:
            assert uri in rejected, f"I5: {uri} cannot be read, and nothing says so"


def _has_reason(outcome: Outcome) -> bool:
    check_reason(outcome.action, outcome.code, outcome.message)
    return outcome.action != "loaded"


def _check_writes(sources: Sequence[Source], jobs: Sequence[SentLoad], statements: Sequence[str]) -> None:
    """I3, I6: nothing but jobs of one month each changes a table."""
    for job in jobs:
        check_job(source_of(sources, job.table), job)
    named = re.compile("|".join(rf"\b{re.escape(source.table)}\b" for source in sources))
    assert [sql for sql in statements if named.search(sql)] == [], "I3: a month was changed by SQL"


@contextmanager
def watched(harness: Harness, spec: SourceSpec, month: str, *allowed: Delivery) -> Iterator[None]:
    """I3: read the month all the time. It must hold one of the allowed deliveries, never nothing or a mix."""
    seen: set[tuple[int, Decimal | None]] = set()
    with _repeating(lambda: seen.add(harness.rows_and_cost(spec, month))):
        yield
    assert seen <= {(one.totals.rows, one.totals.cost) for one in allowed}, f"I3: {spec.table} {month} held {seen}"
    checks.append("I3")


@contextmanager
def _repeating(read: Callable[[], None]) -> Iterator[None]:
    """Repeat `read` in another thread. Its errors are raised at the end."""
    problems: list[Exception] = []
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            try:
                read()
            except Exception as problem:  # noqa: BLE001 - raised below
                problems.append(problem)
            is_over.wait(_READ_SECONDS)

    reader = threading.Thread(target=work, name=OBSERVER, daemon=True)
    reader.start()
    try:
        yield
    finally:
        is_over.set()
        reader.join(timeout=30)
    assert problems == []
