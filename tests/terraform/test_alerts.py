"""Every bad state of the table in operations.md raises its alert, within the hours that the table says.

The state is made on fakes of Google Cloud. Then Terraform's own alert policies are evaluated over the log lines of the
functions. What only Google's platform logs is its documented line:

- Cloud Run: https://cloud.google.com/run/docs/troubleshooting
- Cloud Scheduler: https://cloud.google.com/scheduler/docs/troubleshooting
- metrics of Storage Transfer: https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-storagetransfer
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Forbidden, InternalServerError, ServiceUnavailable

from billing.gcp.lease import LEASE_DURATION
from billing.workflows.start import settings_or_exit
from billing.workflows.sweep import sweep
from tests.emulator.terraform_provider import Terraform
from tests.emulator.terraform_provider.state import resources
from tests.fakes.bigquery import FakeBigQuery, Job
from tests.fakes.deployment import FakeDeployment
from tests.fakes.storage import FakeBlob
from tests.fakes.wire import FailingWire, Wire
from tests.simulation.provider import STREAMS, Delivery, deliver
from tests.simulation.sequential import without_threads
from tests.support.pages import DOCS, Page
from tests.support.paths import TERRAFORM
from tests.support.sources import AWS, AZURE
from tests.terraform.alert_policies import Point, Policies, Timeline, absent, policies_of
from tests.unit.workflows.september import azure_run, of_subscription

QUOTA = Forbidden("Quota exceeded", errors=[{"reason": "quotaExceeded"}])
DENIED = Forbidden("No permission", errors=[{"reason": "accessDenied"}])
QUERIES = ("query", "read history", "read newest load")
FUNCTIONS = {"sweep": "billing-sweep", "load": "billing-load-azure"}
JOB = "transferJobs/1"
HOURS_OF_SILENCE = 36


class World:
    """A deployment in memory whose functions log to a timeline."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.deployment = FakeDeployment()
        self.clock = self.deployment.clock
        self.monkeypatch = monkeypatch
        self.failing: Mapping[str, Exception] = {}
        self.slow: Mapping[str, float] = {}
        self.wrong_by = 0.0
        self.timeline = Timeline(self.clock.now())
        self._capsys = capsys

    def begin(self) -> None:
        """Begin the bad state now. Alerts count from here, and what was logged before stays as it is."""
        self.timeline.start = self.timeline.end = self.clock.now()

    def upload(self, delivery: Delivery, *, without: tuple[str, ...] = (), key: str = "azure_billing") -> None:
        for name, data in delivery.objects.items():
            if name not in without:
                self.deployment.put(self.deployment.source(key).bucket, name, data)

    def sweep(self) -> None:
        """Run one sweep, and keep what it logged."""
        wire = (
            FailingWire(self.clock, self.failing, self.slow) if self.wrong_by == 0 else Wire(self.clock, self.wrong_by)
        )
        with without_threads():
            sweep(self.deployment.settings, self.deployment.services(wire))
        self.take_lines()

    def take_lines(self, function: str = "sweep") -> None:
        for text in self._capsys.readouterr().out.splitlines():
            line = json.loads(text)
            severity = line.pop("severity")
            self.log({"severity": severity, "jsonPayload": line}, function, "run.googleapis.com%2Fstdout")

    def log(self, entry: Mapping[str, Any], function: str, log: str) -> None:
        resource = {"type": "cloud_run_revision", "labels": {"service_name": FUNCTIONS[function]}}
        self.log_entry({"resource": resource, "logName": f"projects/p/logs/{log}", **entry})

    def log_entry(self, entry: Mapping[str, Any]) -> None:
        self.timeline.entries.append((self.clock.now(), entry))
        self.timeline.end = max(self.timeline.end, self.clock.now())

    def hours(self, hours: int, each: Callable[[], None] | None = None) -> None:
        """Let hours pass, with a sweep or something else at the end of each."""
        for _ in range(hours):
            before = self.clock.now()
            (each or self.sweep)()
            used = (self.clock.now() - before).total_seconds()
            self.clock.step(minutes=60, seconds=-used)
            self.timeline.end = self.clock.now()


def nothing() -> None:
    """An hour in which no function runs."""


def loaded(world: World) -> None:
    """A month is loaded, and the system runs well for some hours before the bad state begins."""
    world.upload(azure_run(1))
    world.hours(3)
    world.begin()


def platform_line(text: str, log: str = "run.googleapis.com%2Fvarlog%2Fsystem", **more: Any) -> Callable[[World], None]:
    def make(world: World) -> None:
        loaded(world)
        world.log({"severity": "ERROR", "textPayload": text, **more}, "load", log)

    return make


def never_scheduled(world: World) -> None:
    world.hours(6, nothing)


def schedule_stops(world: World) -> None:
    loaded(world)
    world.hours(6, nothing)


def schedule_refused(world: World) -> None:
    """The line that Cloud Scheduler writes about an attempt. 403 is its PERMISSION_DENIED."""
    loaded(world)
    resource = {"type": "cloud_scheduler_job", "labels": {"job_id": "billing-sweep", "location": "europe-west1"}}
    payload = {
        "@type": "type.googleapis.com/google.cloud.scheduler.logging.AttemptFinished",
        "status": "PERMISSION_DENIED",
        "debugInfo": "URL_REJECTED-ERROR_AUTHENTICATION. Original HTTP response code number = 403",
    }
    log = "projects/p/logs/cloudscheduler.googleapis.com%2Fexecutions"
    world.log_entry({"severity": "ERROR", "resource": resource, "logName": log, "jsonPayload": payload})


def wrong_setting(world: World) -> None:
    loaded(world)
    world.monkeypatch.setattr("billing.settings.read_values", lambda environment, folder: _no_values())
    with pytest.raises(SystemExit):
        settings_or_exit()
    world.take_lines("load")


def _no_values() -> Any:
    from billing.settings.values import read_values

    return read_values({}, None)


def sweeps_that_fail(
    *requests: str, exc: Exception, hours: int = 4, before: Callable[[World], None] = loaded
) -> Callable[[World], None]:
    """Hourly sweeps in which these requests fail, while a new delivery is there."""

    def make(world: World) -> None:
        before(world)
        world.upload(azure_run(2))
        world.failing = dict.fromkeys(requests, exc)
        world.hours(hours)

    return make


def table_is_missing(world: World) -> None:
    loaded(world)
    del world.deployment.cloud.tables.tables[world.deployment.source("azure_billing").destination]
    world.hours(1)


def manifest_cannot_be_read(world: World) -> None:
    """The key of one object is disabled, for example."""
    loaded(world)
    newer, read = azure_run(2), FakeBlob.download_as_bytes
    world.upload(newer)

    def refuse(blob: FakeBlob, **options: Any) -> bytes:
        if blob.name == newer.manifest:
            raise DENIED
        return read(blob, **options)

    world.monkeypatch.setattr(FakeBlob, "download_as_bytes", refuse)
    world.hours(1)


def view_fails(world: World) -> None:
    loaded(world)
    answer = FakeBigQuery._answer

    def refuse(client: FakeBigQuery, sql: str, options: Mapping[str, Any]) -> Any:
        if sql.startswith("CREATE OR REPLACE VIEW"):
            raise BadRequest("Syntax error")
        return answer(client, sql, options)

    world.monkeypatch.setattr(FakeBigQuery, "_answer", refuse)
    world.monkeypatch.setattr(FakeBigQuery, "query", lambda *arguments, **options: None)
    world.hours(1)


def clock_is_wrong(world: World) -> None:
    loaded(world)
    world.upload(azure_run(2))
    world.wrong_by = 180
    world.hours(1)


def job_runs_for_ever(world: World) -> None:
    loaded(world)
    world.upload(azure_run(2))
    world.deployment.cloud.tables.duration = 1000 * LEASE_DURATION
    world.hours(4)


def month_is_held_for_ever(world: World) -> None:
    """Something renews the lease whenever it ends."""
    loaded(world)
    world.upload(azure_run(2))
    source = world.deployment.source("azure_billing")
    name = f"leases/{source.destination}/2025-09.json"

    def hold_and_sweep() -> None:
        until = (world.clock.now() + LEASE_DURATION).isoformat()
        record = json.dumps({"holder": "somebody", "expires": until, "job_id": None})
        world.deployment.put(world.deployment.settings.bookkeeping_bucket, name, record.encode())
        world.sweep()

    world.hours(4, hold_and_sweep)


def listing_is_slow(world: World) -> None:
    loaded(world)
    world.upload(azure_run(2))
    world.slow = {"list objects": 300}
    world.hours(4)


def sweeps_are_killed(world: World) -> None:
    """Each sweep is stopped before its end. What Cloud Run logs about that is another row."""
    loaded(world)

    def killed() -> None:
        world.sweep()
        lines = world.timeline.entries
        lines[:] = [(time, one) for time, one in lines if time <= world.timeline.start]

    world.hours(6, killed)


def age_is_unknown(world: World) -> None:
    """Neither BigQuery nor the notes know a source, for example one that was added while BigQuery failed."""
    world.upload(azure_run(1))
    world.hours(3)
    world.begin()
    world.failing = {"read newest load": QUOTA, "get table": QUOTA, "list objects": QUOTA}
    bucket = world.deployment.settings.bookkeeping_bucket

    def sweep_without_notes() -> None:
        world.deployment.cloud.buckets.of(bucket).pop("sweeps/notes.json", None)
        world.sweep()

    world.hours(6, sweep_without_notes)


def nothing_arrives(world: World) -> None:
    loaded(world)
    world.hours(HOURS_OF_SILENCE + 2)


def transfer_reports_errors(world: World) -> None:
    loaded(world)
    metric, resource = "storagetransfer.googleapis.com/transferjob/error_count", {"type": "storage_transfer_job"}
    point = Point(world.clock.now(), metric, {**resource, "job_id": JOB}, {"code": "PERMISSION_DENIED"})
    world.timeline.points.append(point)


def files_are_missing(world: World) -> None:
    loaded(world)
    newer = azure_run(2)
    world.upload(newer, without=(next(iter(newer.files)),))
    world.hours(8)


def first_manifest_is_missing(world: World) -> None:
    world.hours(3)
    world.begin()
    run = azure_run(1)
    world.upload(run, without=(run.manifest,))
    world.hours(8)


def later_manifest_is_missing(world: World) -> None:
    """All data files and the assembly's own manifest arrive, and the manifest of the period stays the older one."""
    older, newer = (deliver(STREAMS["aws new"], number, "good", None) for number in (1, 2))
    world.upload(older, key="aws_cur")
    world.hours(6)
    world.begin()
    world.upload(newer, without=(newer.manifest,), key="aws_cur")
    world.hours(8)


def later_azure_manifest_is_missing(world: World) -> None:
    world.upload(azure_run(1))
    world.hours(6)
    world.begin()
    newer = azure_run(2)
    world.upload(newer, without=(newer.manifest,))
    world.hours(8)


def overwritten_without_manifest(world: World) -> None:
    older, newer = (deliver(STREAMS["aws over"], number, "good", None) for number in (1, 2))
    world.upload(older, key="aws_cur")
    world.hours(6)
    world.begin()
    world.upload(newer, without=(newer.manifest,), key="aws_cur")
    world.hours(8)


def delivery_is_rejected(world: World) -> None:
    loaded(world)
    world.upload(azure_run(2, "empty"))
    world.hours(1)


def delivery_of_another_scope(world: World) -> None:
    world.upload(of_subscription("1111", azure_run(1)))
    world.hours(3)
    world.begin()
    world.upload(of_subscription("2222", azure_run(2)))
    world.hours(1)


def table_is_changed(world: World) -> None:
    loaded(world)
    tables, name = world.deployment.cloud.tables, world.deployment.source("azure_billing").destination
    tables.tables[name] = tables.tables[name].with_month("202509", (), world.clock.now())
    world.hours(1)


def file_is_replaced_during_its_load(world: World) -> None:
    loaded(world)
    newer = azure_run(2)
    world.upload(newer)
    [name, *_] = newer.files

    def replace_file(_: Job) -> None:
        world.deployment.cloud.tables.on_insert = lambda job: None
        world.deployment.put(world.deployment.source("azure_billing").bucket, name, newer.files[name])

    world.deployment.cloud.tables.on_insert = replace_file
    world.hours(1)


def month_shrinks(world: World) -> None:
    """Run 1 has three rows, and run 2 has two."""
    world.deployment.configure(AWS, replace(AZURE, shrink_percent="20"))
    loaded(world)
    world.upload(azure_run(2))
    world.hours(1)


def event_is_lost(world: World) -> None:
    """No function is called for the objects of a run. Run 3 has as many rows as run 1."""
    loaded(world)
    world.upload(azure_run(3))
    world.hours(2)
    assert world.deployment.items("azure_billing")["2025-09"] == list(azure_run(3).items)


def error_ends(world: World) -> None:
    loaded(world)
    world.upload(azure_run(3))
    world.failing = dict.fromkeys(QUERIES, QUOTA)
    world.hours(2)
    world.failing = {}
    world.hours(5)
    assert world.deployment.items("azure_billing")["2025-09"] == list(azure_run(3).items)


OOM = "Memory limit of 512 MiB exceeded with 524 MiB used. Consider increasing the memory limit"
PROBE = (
    "Default STARTUP TCP probe failed 1 time consecutively for container on port 8080. The instance was not started."
)
LATE = "The request has been terminated because it has reached the maximum request timeout."
BUG = KeyError("oops")
UNAVAILABLE = ServiceUnavailable("later")
MAKE: Mapping[str, Callable[[World], None]] = {
    "the schedule never calls the sweep": never_scheduled,
    "the schedule is paused, deleted or runs once a day": schedule_stops,
    "the schedule may not call the sweep": schedule_refused,
    "a setting is wrong or missing": wrong_setting,
    "a function cannot start": platform_line(PROBE),
    "a function has too little memory": platform_line(OOM),
    "a function runs longer than it may": platform_line(
        LATE, "run.googleapis.com%2Frequests", httpRequest={"status": 504}
    ),
    "the loader has a bug": sweeps_that_fail("read history", exc=BUG, hours=1),
    "the loader has no permission": sweeps_that_fail("query", exc=DENIED, hours=1),
    "the table of a source is missing": table_is_missing,
    "a manifest cannot be read": manifest_cannot_be_read,
    "the bookkeeping bucket gives no answer": sweeps_that_fail("write object", exc=UNAVAILABLE, hours=1),
    "a view cannot be created": view_fails,
    "the clock of an instance is wrong": clock_is_wrong,
    "a quota of BigQuery is used up": sweeps_that_fail(*QUERIES, exc=QUOTA),
    "BigQuery answers every query with an error": sweeps_that_fail(*QUERIES, exc=InternalServerError("oops")),
    "Cloud Storage answers every listing with an error": sweeps_that_fail("list objects", exc=UNAVAILABLE),
    "no load job can be created": sweeps_that_fail("insert job", exc=QUOTA),
    "a load job runs for ever": job_runs_for_ever,
    "another instance holds a month for ever": month_is_held_for_ever,
    "listing takes so long that months are left over": listing_is_slow,
    "every sweep runs out of time or memory": sweeps_are_killed,
    "the age of a source cannot be found": age_is_unknown,
    "the provider delivers nothing": nothing_arrives,
    "the transfer does not run": nothing_arrives,
    "the transfer reports an error": transfer_reports_errors,
    "a delivery waits for its files": files_are_missing,
    "the first delivery of a month has no manifest": first_manifest_is_missing,
    "a later delivery of a month has no manifest": later_manifest_is_missing,
    "overwritten files wait for their manifest": overwritten_without_manifest,
    "a delivery is rejected": delivery_is_rejected,
    "a delivery is of another account or subscription": delivery_of_another_scope,
    "a table was changed by hand": table_is_changed,
    "a file is replaced during its load": file_is_replaced_during_its_load,
    "a month becomes much smaller": month_shrinks,
    "an event is lost, or given up after its retries": event_is_lost,
    "a temporary error ends within two hours": error_ends,
}
F29 = [
    *("a quota of BigQuery is used up", "BigQuery answers every query with an error", "no load job can be created"),
    *("Cloud Storage answers every listing with an error", "listing takes so long that months are left over"),
]
F34 = ["a later delivery of a month has no manifest", "overwritten files wait for their manifest"]


def table_of_states() -> dict[str, tuple[str, str]]:
    """Return the table of operations.md: each state with its alert and its hours."""
    section = Page(DOCS / "operations.md").text.partition("## What is alerted\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {state: (alert, hours) for state, alert, hours in rows[2:]}


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Policies:
    """The policies as the module plans them for the functions and sources of the tests."""
    variables = {
        "freshness_hours": HOURS_OF_SILENCE,
        "functions": sorted(FUNCTIONS.values()),
        "prefix": "billing",
        "project_id": "p",
        "schedule": "billing-sweep",
        "sources": ["aws_cur", "azure_billing"],
        "transfer_jobs": {"azure_billing": JOB},
    }
    folder = tmp_path_factory.mktemp("policies")
    with Terraform(TERRAFORM / "modules" / "monitoring", folder, {}, variables=variables) as terraform:
        terraform.init()
        planned = terraform.plan().document["planned_values"]
    return policies_of(resources({"values": planned}), "billing")


@pytest.fixture
def world(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> World:
    return World(capsys, monkeypatch)


def _states() -> list[Any]:
    marks = {state: [pytest.mark.fault("F29")] for state in F29} | {state: [pytest.mark.fault("F34")] for state in F34}
    return [pytest.param(state, marks=marks.get(state, [])) for state in MAKE]


@pytest.mark.parametrize("state", _states())
def test_state_raises_its_alert_in_time(world: World, policies: Policies, state: str) -> None:
    alert, hours = table_of_states()[state]

    MAKE[state](world)
    fired = {named(name): time.total_seconds() / 3600 for name, time in policies.fired(world.timeline).items()}

    if alert.startswith("none"):
        assert fired == {}
    else:
        assert fired.get(alert, 1000) <= float(hours), fired


def named(alert: str) -> str:
    return re.sub(r"\d+ hours$", "N hours", alert)


def test_table_and_tests_name_the_same_states() -> None:
    assert list(table_of_states()) == list(MAKE)


def test_every_alert_of_terraform_is_in_the_table(policies: Policies) -> None:
    alerts = {alert for alert, _ in table_of_states().values() if not alert.startswith("none")}

    assert {named(name) for name in policies.policies} == alerts


def test_system_that_runs_well_raises_no_alert(world: World, policies: Policies) -> None:
    loaded(world)
    for number in (3, 5):
        world.hours(24)
        world.upload(azure_run(number))
        world.upload(deliver(STREAMS["aws new"], number, "good", None), key="aws_cur")

    assert policies.fired(world.timeline) == {}


@pytest.mark.fault("F34")
def test_azure_run_without_its_manifest_raises_the_same_alert(world: World, policies: Policies) -> None:
    later_azure_manifest_is_missing(world)

    fired = policies.fired(world.timeline)

    assert fired["delivery incomplete for hours"].total_seconds() <= 8 * 3600


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ('absent_over_time(a:b{c="d"}[90x])', "bad number or duration"),
        ('absent_over_time(a:b{c="d"})', "expected type matrix"),
        ('absent_overtime(a:b{c="d"}[90m])', "unknown function"),
        ('absent_over_time(a:b{c="d"}[90m]) and vector(1)', "is not understood"),
        ('absent_over_time(a:b{c=~"d"}[90m])', "only = is known"),
    ],
)
def test_a_query_that_is_no_promql_or_unknown_here_is_an_error(query: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        absent({"query": query}, datetime.now(UTC), [])
