"""One history: its steps are carried out on a cloud, and after each of them what must always be true is checked."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import datetime, timedelta
from functools import singledispatchmethod
from typing import Any
from unittest.mock import patch

from billing.errors import ErrorClass
from billing.gcp.api_errors import classify
from billing.gcp.services import Services
from billing.workflows.events import handle_event
from billing.workflows.replay import replay
from billing.workflows.sweep import sweep
from tests.fakes.bigquery import Job
from tests.fakes.small_files import csv_file
from tests.simulation import oracle, provider, steps
from tests.simulation.backends import MemoryStage, Stage
from tests.simulation.instances import Instance, Trouble
from tests.simulation.provider import STREAMS, Delivery, Stream, Written
from tests.support.deployment import ITEM

_TRANSFER = timedelta(hours=1)  # the longest that a transfer leaves an overwriting delivery half copied
_BETWEEN = timedelta(hours=4)  # the shortest between two overwriting deliveries of a month: longer than the settle time
_MOST_ROUNDS = 12
_ASIDE = frozenset({"sweep", "age", "audited"})  # lines that tell of no delivery
_ENDS = frozenset({"loaded", "skipped", "waiting", "rejected", "retried", "ignored"})


class Violation(BaseException):
    """Of an invariant, seen while an instance runs: nothing under test may catch it."""


class Lines(io.TextIOBase):
    """Standard output: the structured lines, as they are printed."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def write(self, text: str) -> int:
        if text.startswith("{"):
            self.seen.append(json.loads(text))
        return len(text)


def _may_book(event: str | None, stream: Stream) -> bool:
    """Whether an instance that sleeps may book the month anew when it wakes, as it was when it fell asleep."""
    return event is None or (stream.period in event and stream.key.startswith(event.partition("/")[0]))


def _uncatchable(check: Callable[[Job], None]) -> Callable[[Job], None]:
    def checked(job: Job) -> None:
        try:
            check(job)
        except AssertionError as error:
            raise Violation(str(error)) from error

    return checked


class _InTurn:
    """A pool of one thread, which is the caller's: the sweep's months one after the other."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def __enter__(self) -> _InTurn:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def submit(self, work: Callable[..., object], *arguments: object) -> None:
        work(*arguments)

    def map(self, work: Callable[[Any], Any], items: Any) -> list[Any]:
        return [work(item) for item in items]


@contextmanager
def in_turn() -> Iterator[None]:
    """Sweeps without threads: the same from one run to the next."""
    users = ("billing.workflows.sweep", "billing.workflows.inventory")
    with patch(f"{users[0]}.ThreadPoolExecutor", _InTurn), patch(f"{users[1]}.ThreadPoolExecutor", _InTurn):
        yield


class World:
    def __init__(self, deployment: Stage) -> None:
        self.deployment = deployment
        self.clock = deployment.clock
        self.written = Written()
        self.landed: dict[str, bytes] = {}
        self.times: dict[str, datetime] = {}  # at the provider, of what landed
        self.arrived: dict[str, datetime] = {}
        self.deliveries: dict[Stream, list[Delivery]] = defaultdict(list)
        self.events: list[str] = []
        self.paused: list[tuple[Instance, str | None]] = []
        self.refused: dict[Stream, set[str]] = defaultdict(set)
        self.holds: dict[Stream, Delivery | None] = defaultdict(lambda: None)  # None: empty, or torn
        self.torn: set[Stream] = set()
        self.told: dict[str, datetime] = {}  # executions refused since a table or the books last changed
        self.changed = self.clock.now()
        self.jobs: dict[str, Job] = {}  # that replaced a month
        self.by_job: dict[str, Delivery | None] = {}  # what a job's rows are; None: of files that changed under it
        self.inserted: dict[str, tuple[Instance, bool]] = {}  # who, and whether on somebody's wish
        self.lines = Lines()
        self.now_running: tuple[Instance, bool] | None = None
        self.number = 0
        deployment.watch(_uncatchable(self._inserted), _uncatchable(self._swapped))
        for source in deployment.settings.sources:
            deployment.put(source.bucket, provider.PRIVATE, csv_file("2025-09", ("private",)))

    # -- steps ----------------------------------------------------------------------------------------------------

    @singledispatchmethod
    def do(self, step: object) -> None:
        raise NotImplementedError(step)

    @do.register
    def _(self, step: steps.Write) -> None:
        stream = STREAMS[step.stream]
        before = self.deliveries[stream][-1] if self.deliveries[stream] else None
        if before is not None and stream.overwrites:
            self._copy_all([stream])
            self._let_pass(_BETWEEN)
        self.number += 1
        delivery = provider.deliver(stream, self.number, step.kind, before)
        self.deliveries[stream].append(delivery)
        self.written.write(delivery.objects, self.clock.now())
        self.deployment.clock.step(minutes=2)

    @do.register
    def _(self, step: steps.Deliver) -> None:
        self.do(steps.Write(step.stream, step.kind))
        self._copy_all([STREAMS[step.stream]])

    @do.register
    def _(self, step: steps.Copy) -> None:
        for choice in step.choices:
            if left := self._to_copy():
                self._copy(left[choice % len(left)])

    @do.register
    def _(self, step: steps.CopyAll) -> None:
        for name in sorted(self._to_copy(), reverse=step.backwards):
            self._copy(name)

    @do.register
    def _(self, step: steps.Recopy) -> None:
        if self.landed:
            self._land(sorted(self.landed)[step.which % len(self.landed)])

    @do.register
    def _(self, _: steps.Repair) -> None:
        """Of deliveries whose names come again, the next one is the repair."""
        for stream, found in self.deliveries.items():
            for index, delivery in enumerate(found):
                if not delivery.is_good and delivery.kind == "corrupt" and not stream.overwrites:
                    found[index] = provider.repaired(delivery)
                    self.written.write(found[index].files, self.clock.now())
                    self.deployment.clock.step(minutes=2)
                    return

    @do.register
    def _(self, step: steps.Event) -> None:
        if self.events:
            self._handle(step.which % len(self.events), step.trouble, again=step.again)

    @do.register
    def _(self, step: steps.Drop) -> None:
        if self.events:
            del self.events[step.which % len(self.events)]

    @do.register
    def _(self, step: steps.Wake) -> None:
        if self.paused:
            instance, event = self.paused.pop(step.which % len(self.paused))
            self._ended(instance, event, self._run(instance, lambda: instance.wake(step.trouble)))

    @do.register
    def _(self, step: steps.Sweep) -> None:
        self._sweep(step.trouble)

    @do.register
    def _(self, step: steps.Replay) -> None:
        stream = STREAMS[step.stream]
        found = self.deliveries[stream]
        execution = found[step.older % len(found)].execution if found and step.older is not None else None

        def work(services: Services) -> None:
            try:
                replay(self.deployment.settings, stream.key, stream.month, execution, services)
            except Exception as error:
                known = classify(error)
                if known is None or (known.kind is not ErrorClass.RETRY and known.code != "NO_SUCH_DELIVERY"):
                    raise

        self._call("replay", work, step.trouble, on_wish=True)

    @do.register
    def _(self, step: steps.Pass) -> None:
        self._let_pass(timedelta(minutes=step.minutes))

    @do.register
    def _(self, step: steps.Jobs) -> None:
        self.deployment.set_jobs(timedelta(seconds=step.seconds), step.fails)

    @do.register
    def _(self, step: steps.Recreate) -> None:
        key = STREAMS[step.stream].key
        self.deployment.recreate_table(key)
        self._forget_refusals()
        for stream in [one for one in self.holds if one.key == key]:
            self.holds[stream] = None

    @do.register
    def _(self, _: steps.LoseBooks) -> None:
        self.deployment.lose_dlt_tables()
        self._forget_refusals()

    # -- the bucket -----------------------------------------------------------------------------------------------

    def _to_copy(self) -> list[str]:
        """In the order written; as with overwriteWhen DIFFERENT, only what is not there in the same bytes."""
        written = self.written.objects
        return [name for name in written if self.landed.get(name) != written[name][0]]

    def _copy(self, name: str) -> None:
        self.landed[name], self.times[name] = self.written.objects[name]
        self._land(name)

    def _land(self, name: str) -> None:
        self.deployment.put(self._bucket(name), name, self.landed[name], self.times[name])
        self.arrived[name] = self.clock.now()
        self.events.append(name)

    def _bucket(self, name: str) -> str:
        return next(source.bucket for source in self.deployment.settings.sources if name.startswith(source.prefix))

    def _copy_all(self, streams: list[Stream]) -> None:
        names = {name for stream in streams for delivery in self.deliveries[stream] for name in delivery.objects}
        for name in self._to_copy():
            if name in names:
                self._copy(name)

    def _let_pass(self, time: timedelta) -> None:
        """A transfer that overwrites has ended before a delivery's files could be taken to be settled."""
        if time >= _TRANSFER:
            self._copy_all([stream for stream in self.deliveries if stream.overwrites])
        self.deployment.clock.step(seconds=time.total_seconds())

    # -- calls of the functions -----------------------------------------------------------------------------------

    def _handle(self, index: int, trouble: Trouble | None = None, *, again: bool = False) -> None:
        name = self.events[index] if again else self.events.pop(index)
        which = "aws" if name.startswith("aws/") else "azure"
        data = {"bucket": self._bucket(name), "name": name}
        settings = self.deployment.settings
        self._call(f"event {name}", lambda services: handle_event(settings, which, data, services), trouble, event=name)

    def _sweep(self, trouble: Trouble | None = None) -> dict[str, Any]:
        reports: list[dict[str, Any]] = []
        self._call("sweep", lambda services: reports.append(sweep(self.deployment.settings, services)), trouble)
        return reports[0] if reports else {}

    def _call(
        self,
        what: str,
        work: Callable[[Services], object],
        trouble: Trouble | None,
        *,
        event: str | None = None,
        on_wish: bool = False,
    ) -> None:
        instance = Instance(what, self.deployment.stepped)
        instance.on_wish = on_wish
        services = self.deployment.services(instance)
        self._ended(instance, event, self._run(instance, lambda: instance.begin(lambda: work(services), trouble)))

    def _run(self, instance: Instance, go: Callable[[], str]) -> str:
        self.now_running = (instance, instance.on_wish)
        self.lines.seen.clear()
        try:
            return go()
        finally:
            self.now_running = None

    def _ended(self, instance: Instance, event: str | None, end: str) -> None:
        """I5: every event ends as one of these; what was not acknowledged is delivered again."""
        ends = [line for line in self.lines.seen if "action" in line and line["action"] not in _ASIDE]
        for line in ends:
            self._check_line(line, instance)
        if end == "paused":
            self.paused.append((instance, event))
        elif end != "done":
            self._learn_refusals()
        if event is not None and end in ("died", "try again"):
            self.events.append(event)
        elif event is not None and end == "done":
            assert len(ends) == 1, f"I5: {event} ended as {ends}"

    # -- what must always be true ---------------------------------------------------------------------------------

    def _inserted(self, job: Job) -> None:
        assert self.now_running is not None
        self.inserted[job.job_id] = self.now_running
        source = next(one for one in self.deployment.settings.sources if one.destination == job.table)
        for uri in job.uris:
            assert uri.startswith(f"gs://{source.bucket}/{source.prefix}"), f"outside the prefix: {uri}"

    def _swapped(self, job: Job) -> None:
        """I1 and I3, and that nothing older comes over something newer, unless somebody asked for it."""
        stream = self._stream(job)
        self.jobs[job.job_id] = job
        items = sorted(str(dict(row)[ITEM[stream.key]]) for row in job.rows)
        assert items, f"I3: {stream} is empty"
        assert len(items) == len(set(items)), f"I3: {stream} has rows twice"
        who, on_wish = self.inserted[job.job_id]
        found = [one for one in self.deliveries[stream] if list(one.items) == items and one.is_good]
        replaced = [uri for uri in job.uris if self.arrived[uri.split("/", 3)[3]] > who.started]
        assert found or replaced, f"I1: {stream} holds {items}, which no delivery has"
        new = max(found, key=lambda one: one.rank, default=None)
        old, self.holds[stream], self.by_job[job.job_id] = self.holds[stream], new, new
        if new is None:
            self.torn.add(stream)  # of no use to anybody, and nothing whole may stand in the bucket to replace it
        if old is not None and new is not None and not on_wish and self._is_booked(old):
            assert new.rank >= old.rank, f"I2: {new} over the newer {old}"
            if new.covers_less:
                assert old.covers_less, f"I2: {new} over {old}, which covers more"

    def _stream(self, job: Job) -> Stream:
        source = next(one for one in self.deployment.settings.sources if one.destination == job.table)
        month = f"{job.month[:4]}-{job.month[4:]}"
        return next(stream for stream in STREAMS.values() if (stream.key, stream.month) == (source.key, month))

    def _is_booked(self, delivery: Delivery) -> bool:
        """In the last row of its month, and for the table that is there now."""
        last = [(row["execution"], row["table_created"]) for row in self._loads(delivery)][-1:]
        return last == [(delivery.execution, self.deployment.created(delivery.stream.key))]

    def _loads(self, delivery: Delivery) -> list[dict[str, Any]]:
        """What is booked of the delivery's month, oldest first."""
        source = self.deployment.source(delivery.stream.key)
        rows = self.deployment.ever_loaded(source, delivery.stream.month)
        return [{**row, "execution": row[source.format.execution_column]} for row in rows]

    def _check_line(self, line: dict[str, Any], instance: Instance) -> None:
        assert line["severity"] != "ERROR" or line["action"] in _ENDS, f"I5: {line}"
        delivery = self._named(line)
        if delivery is None:
            return
        if line["action"] == "loaded":
            self._check_load(delivery, line)
            self.refused[delivery.stream].discard(delivery.execution)
            self.told.pop(delivery.execution, None)
        if line["action"] == "rejected" and self._was_whole(delivery, instance):
            assert line["code"] in oracle.REFUSALS.get(delivery.kind, ()), f"{delivery} was refused: {line}"
            if line["code"] == "COVERS_FEWER_DAYS":
                self.refused[delivery.stream].add(delivery.execution)
            self._check_refused_once(delivery, instance)

    def _was_whole(self, delivery: Delivery, instance: Instance) -> bool:
        """Where names come again, what an instance saw may have been of two deliveries."""
        return not delivery.stream.overwrites or (
            oracle.stands(delivery, self.landed)
            and all(self.arrived[name] <= instance.started for name in delivery.objects)
        )

    def _check_refused_once(self, delivery: Delivery, instance: Instance) -> None:
        """I5: one job, one row and one alert, until something changes or somebody asks for it.

        Of bookings that sleep past their lease, the last one stands: it may know nothing of the refusal.
        """
        told = self.told.get(delivery.execution)
        again = told is not None and told <= instance.started and not instance.on_wish
        assert not again, f"I5: {delivery} was refused already, and nothing changed since"
        overlapped = instance.slept or any(_may_book(event, delivery.stream) for _, event in self.paused)
        if instance.started > self.changed and not overlapped:
            self.told[delivery.execution] = self.clock.now()

    def _forget_refusals(self) -> None:
        self.told, self.changed = {}, self.clock.now()

    def _learn_refusals(self) -> None:
        """Of an instance that booked one, and died before it said so, or could not give its lease back."""
        for stream in self.deliveries:
            self.refused[stream] |= self.deployment.ever_refused(
                self.deployment.source(stream.key), "COVERS_FEWER_DAYS"
            )

    def _named(self, line: dict[str, Any]) -> Delivery | None:
        every = (one for found in self.deliveries.values() for one in found)
        return next((one for one in every if one.execution == line.get("execution")), None)

    def _check_load(self, delivery: Delivery, line: dict[str, Any]) -> None:
        """I4: booked once, with the rows that its job loaded; and I1: only what was torn may be anything else."""
        job = self.jobs[line["job_id"]]
        rows = [row for row in self._loads(delivery) if row["job_id"] == job.job_id]
        booked = {(row["execution"], row["row_count"]) for row in rows}
        assert booked == {(delivery.execution, len(job.rows))}, f"I4: {delivery} is booked as {booked}"
        if line.get("code") != "FILES_CHANGED_DURING_LOAD":
            held = self.by_job[line["job_id"]]
            assert held is not None, f"I1: {delivery} was booked whole, but files of it changed meanwhile"
            assert held.items == delivery.items, f"I4: {delivery} was booked, but {held} was loaded"

    # -- the end --------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Everybody wakes, every event arrives, time passes, and sweeps run until nothing is left for them."""
        while self.paused:
            self.do(steps.Wake(0))
        self.deployment.set_jobs(timedelta(), "")
        self._let_pass(_TRANSFER)
        for _ in range(_MOST_ROUNDS):
            for _ in range(len(self.events)):
                self._handle(0)
            self._let_pass(timedelta(minutes=11))
        assert not self.events, f"I5: {self.events} are still tried again"
        self._let_pass(_BETWEEN)
        for _ in range(_MOST_ROUNDS):
            report = self._sweep()
            self._let_pass(timedelta(minutes=61))
            if not any(report[kind] for kind in ("loaded", "rejected", "deferred")) and not self._to_heal(report):
                break
        else:
            raise AssertionError(f"the sweep does not come to rest: {report}")
        for stream in self.deliveries:
            self._check_end(stream, report)

    def _to_heal(self, report: dict[str, Any]) -> list[str]:
        """Months that the audit found to differ, but for those that no delivery in the bucket could heal."""
        lost = [f"{stream.key} {stream.month}" for stream in self.deliveries if self._expected(stream) is None]
        return [month for month in report["mismatched"] if month not in lost]

    def _expected(self, stream: Stream) -> Delivery | None:
        return oracle.expected(self.deliveries[stream], self.landed, self.refused[stream])

    def _check_end(self, stream: Stream, report: dict[str, Any]) -> None:
        """I2, I4 and I6. What nothing in the bucket can mend must be told each hour."""
        wanted = self._expected(stream)
        items = self.deployment.items(stream.key).get(stream.month, [])
        if wanted is not None:
            assert items == list(wanted.items), f"I2: {stream} holds {items}, not {wanted}"
            assert self._is_booked(wanted), f"I4: {wanted} is not booked"
        elif items:
            held = self.holds[stream]
            assert held is None or items == list(held.items), f"I1: {stream} holds {items}, not {held}"
            assert held is not None or stream in self.torn, f"I1: {stream} holds {items}"
            is_told = f"{stream.key} {stream.month}" in report["mismatched"]
            assert is_told or (held is not None and self._is_booked(held)), (
                f"I5: nobody says that {stream} holds {items}"
            )

    def close(self) -> None:
        for instance, _ in self.paused:
            instance.kill()


@contextmanager
def world(stage: Stage) -> Iterator[World]:
    made = World(stage)
    with (
        stage.open(),
        redirect_stdout(made.lines),
        in_turn(),
    ):
        try:
            yield made
        finally:
            made.close()


def run(history: steps.History, stage: Stage | None = None) -> None:
    try:
        with world(stage or MemoryStage()) as made:
            for step in history:
                made.do(step)
            made.finish()
    except Violation as violation:
        raise AssertionError(str(violation)) from violation
