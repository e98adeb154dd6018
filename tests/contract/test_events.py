"""Events and functions on the emulator: delivery at least once, one request at a time per instance."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.emulator import Backoff, Emulator, Function, FunctionSpec, StartError
from tests.emulator.events import Events

# Logs what it gets. Fails if the object's name asks for it, depending on how often the object was seen.
MAIN = """
import json, os, time
import functions_framework

SEEN = {}
GREETING = os.environ["GREETING"]

@functions_framework.cloud_event
def on_event(event):
    started = time.time()
    name = event.data["name"]
    SEEN[name] = SEEN.get(name, 0) + 1
    if "slow" in name:
        time.sleep(0.3)
    print(json.dumps({"severity": "INFO", "seen": name, "attributes": dict(event.get_attributes()), "data": event.data,
                      "pid": os.getpid(), "started": started, "ended": time.time()}))
    if "die" in name and not os.path.exists(os.environ["TMPDIR"] + "/stopped"):
        open(os.environ["TMPDIR"] + "/stopped", "w").close()
        os._exit(1)
    if "twice" in name and SEEN[name] < 3:
        raise RuntimeError("not yet")

@functions_framework.http
def clients(request):
    import google.auth
    from google.cloud import bigquery, storage
    started = time.time()
    credentials, project = google.auth.default()
    credentials.refresh(__import__("google.auth.transport.requests", fromlist=["Request"]).Request())
    seconds = time.time() - started
    # Without credentials, the client sends no token to an emulator.
    blobs = storage.Client(project, credentials).list_blobs(request.get_json()["bucket"])
    names = [blob.name for blob in blobs]
    row, = bigquery.Client(location="europe-west1").query_and_wait("SELECT 40 + 2 AS answer")
    return {"project": project, "kind": type(credentials).__module__, "seconds": seconds, "names": names,
            "answer": row.answer, "environment": dict(os.environ)}

@functions_framework.http
def state(request):
    import tempfile
    import dlt
    destination = dlt.destinations.bigquery(project_id="local-project", location="europe-west1")
    with tempfile.TemporaryDirectory() as folder:
        dataset = request.get_json()["dataset"]
        pipeline = dlt.pipeline("state", destination=destination, dataset_name=dataset, pipelines_dir=folder)

        @dlt.resource(name="tracking", write_disposition="append")
        def tracking():
            state = dlt.current.resource_state()
            state["runs"] = state.get("runs", 0) + 1
            yield {**request.get_json()["row"], "runs": state["runs"]}

        pipeline.run(tracking())
    return {"loaded": True}
"""


pytestmark = pytest.mark.only_local("a project has events and functions only with a deployment")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("function")
    (folder / "main.py").write_text(MAIN)
    return folder


@pytest.fixture
def deploy(emulator: Emulator, source: Path) -> Iterator[Callable[..., Function]]:
    """Return a function that deploys MAIN. What it deployed is deleted after the test."""
    deployed: list[str] = []

    def create(entry_point: str, trigger_bucket: str | None = None, path: Path = source, **options: Any) -> Function:
        name = f"{entry_point.replace('_', '-')}-{uuid4().hex[:8]}"
        deployed.append(name)
        environment = {"GREETING": "hello", "RUNTIME__DLTHUB_TELEMETRY": "false"}
        return emulator.deploy(FunctionSpec(name, path, entry_point, environment, trigger_bucket, **options))

    yield create
    emulator.events.release()
    for name in deployed:
        emulator.delete_function(name)


@pytest.fixture
def listener(emulator: Emulator, bucket: str, deploy: Callable[..., Function]) -> Function:
    emulator.events.clear_records()
    return deploy("on_event", bucket)


def seen(function: Function) -> list[str]:
    return [line["seen"] for line in function.log_lines() if isinstance(line, dict) and "seen" in line]


def statuses(emulator: Emulator, function: Function) -> list[int]:
    return [attempt.status for attempt in emulator.events.records if attempt.function == function.name]


# eventarc cloudevents: google.cloud.storage.object.v1.finalized, binary mode; StorageObjectData has int64 as strings
def test_finalized_object_becomes_a_cloudevent(emulator: Emulator, bucket: str, listener: Function) -> None:
    generation = emulator.upload(bucket, "billing/ä b.csv", b"12345", "text/csv")
    emulator.events.settle(20)
    (line,) = [line for line in listener.log_lines() if isinstance(line, dict)]
    attributes, data = line["attributes"], line["data"]
    assert attributes["type"] == "google.cloud.storage.object.v1.finalized"
    assert attributes["source"] == f"//storage.googleapis.com/projects/_/buckets/{bucket}"
    assert attributes["subject"] == "objects/billing/%C3%A4%20b.csv"  # functions-framework does not decode it
    assert attributes["id"]

    expected = {
        "bucket": bucket,
        "name": "billing/ä b.csv",
        "generation": str(generation),
        "size": "5",
        "contentType": "text/csv",
    }

    assert {name: data[name] for name in expected} == expected
    assert all(data[name] for name in ("metageneration", "crc32c", "md5Hash", "timeCreated", "updated", "etag"))


# CloudEvents HTTP binding 1.0.2, 3.1.3.2: headers are percent-encoded; object names are any UTF-8 but CR and LF
@pytest.mark.parametrize(
    "name", ["Kosten €/part.csv", "費用/part.csv", "100%25.csv", 'a"b\\c.csv', "tab\t.csv", "😀.csv", "a#b?c[d].csv"]
)
def test_event_of_any_object_name_arrives(emulator: Emulator, bucket: str, listener: Function, name: str) -> None:
    emulator.upload(bucket, name, b"1")

    emulator.events.settle(20)

    assert (seen(listener), statuses(emulator, listener)) == ([name], [200])


class FailingReceiver:
    """Fails with an exception at its first event, as a bug of the emulator does."""

    name, max_instances = "failing", 1

    def __init__(self) -> None:
        self.delivered: list[str] = []

    def deliver(self, headers: Mapping[str, str], body: bytes) -> int:
        self.delivered.append(json.loads(body)["name"])
        if len(self.delivered) == 1:
            raise UnicodeError("cannot encode")
        return 200


def test_delivery_thread_survives_an_exception_and_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    events, receiver = Events(Backoff(first_seconds=0.01)), FailingReceiver()
    events.subscribe("b", receiver)
    events.finalized({"bucket": "b", "name": "one", "generation": "1"})

    with pytest.raises(RuntimeError, match=r"b/one to failing: .*UnicodeError"):
        events.settle(20)
    events.settle(20)

    assert receiver.delivered == ["one", "one"]
    assert "UnicodeError: cannot encode" in capsys.readouterr().err
    events.stop()


def test_events_that_are_given_up_are_not_sent_again() -> None:
    events, receiver = Events(Backoff(first_seconds=60)), FailingReceiver()
    events.subscribe("b", receiver)
    events.hold(lambda event: event.name == "gone")
    for name in ("gone", "kept"):
        events.finalized({"bucket": "b", "name": name, "generation": "1"})

    given_up = events.give_up(lambda event: event.name == "gone")

    assert given_up == ["gone"]
    events.stop()


# object finalized: "a new object is created, or an existing object is overwritten"; metadata updates are not that
def test_overwrite_has_an_event_and_metadata_update_has_none(
    emulator: Emulator, bucket: str, listener: Function
) -> None:
    emulator.create_bucket(f"{bucket}-other")
    emulator.upload(f"{bucket}-other", "elsewhere", b"x")
    emulator.upload(bucket, "a", b"1")
    emulator.upload(bucket, "a", b"2")
    blob = emulator.storage.bucket(bucket).get_blob("a")
    blob.metadata = {"x": "y"}
    blob.patch()

    emulator.events.settle(20)

    assert seen(listener) == ["a", "a"]


# RETRY_POLICY_RETRY: an answer other than 2xx is delivered again, with backoff, until it succeeds or 24 h are over
def test_failed_event_is_repeated_until_it_succeeds(emulator: Emulator, bucket: str, listener: Function) -> None:
    emulator.upload(bucket, "twice", b"")
    emulator.events.settle(20)
    assert statuses(emulator, listener) == [500, 500, 200]
    attempts = [attempt.event.id for attempt in emulator.events.records if attempt.function == listener.name]

    assert len(set(attempts)) == 1


# maxInstanceRequestConcurrency 1: an instance handles one request at a time
def test_instance_handles_one_event_at_a_time(emulator: Emulator, bucket: str, listener: Function) -> None:
    for number in range(3):
        emulator.upload(bucket, f"slow-{number}", b"")
    emulator.events.settle(20)

    lines = sorted((line for line in listener.log_lines() if isinstance(line, dict)), key=lambda line: line["started"])

    assert all(before["ended"] <= after["started"] for before, after in pairwise(lines))


def test_several_instances_work_side_by_side(emulator: Emulator, bucket: str, deploy: Callable[..., Function]) -> None:
    function = deploy("on_event", bucket, max_instances=2)

    for number in range(4):
        emulator.upload(bucket, f"slow-{number}", b"")
    emulator.events.settle(20)

    assert len({line["pid"] for line in function.log_lines() if isinstance(line, dict)}) == 2


def test_stopped_instance_is_started_again_for_the_next_delivery(
    emulator: Emulator, bucket: str, listener: Function
) -> None:
    emulator.upload(bucket, "die", b"")
    emulator.events.settle(20)
    assert statuses(emulator, listener) == [0, 200]
    emulator.kill(listener.name)
    emulator.upload(bucket, "after the kill", b"")

    emulator.events.settle(20)

    assert seen(listener) == ["die", "die", "after the kill"]


class TestInjectedFaults:
    def test_events_are_released_in_the_given_order(self, emulator: Emulator, bucket: str, listener: Function) -> None:
        emulator.events.hold()
        for name in ("a", "b", "c"):
            emulator.upload(bucket, name, b"")
        with pytest.raises(TimeoutError, match=f"{bucket}/a to {listener.name}: held, 0 attempts"):
            emulator.events.settle(0.2)
        emulator.events.release(["c", "a"])
        assert seen(listener) == ["c", "a"]
        emulator.events.release()

        emulator.events.settle(20)

        assert seen(listener) == ["c", "a", "b"]

    def test_events_are_dropped(self, emulator: Emulator, bucket: str, listener: Function) -> None:
        emulator.events.drop(lambda event: event.name == "lost")
        for name in ("lost", "kept", "lost"):
            emulator.upload(bucket, name, b"")

        emulator.events.settle(20)

        assert seen(listener) == ["kept", "lost"]

    def test_events_are_duplicated(self, emulator: Emulator, bucket: str, listener: Function) -> None:
        emulator.events.duplicate(lambda event: event.name == "double", copies=3)
        for name in ("double", "single"):
            emulator.upload(bucket, name, b"")

        emulator.events.settle(20)

        assert sorted(seen(listener)) == ["double", "double", "double", "single"]


class TestFunctions:
    def test_deployment_says_why_a_function_cannot_start(self, emulator: Emulator, source: Path) -> None:
        with pytest.raises(StartError, match="KeyError: 'GREETING'"):
            emulator.deploy(FunctionSpec("broken", source, "on_event"))
        assert "broken" not in emulator.functions

    def test_zip_is_deployed_as_terraform_uploads_it(
        self, source: Path, bucket: str, tmp_path: Path, deploy: Callable[..., Function]
    ) -> None:
        with zipfile.ZipFile(tmp_path / "source.zip", "w") as archive:
            archive.write(source / "main.py", "main.py")

        function = deploy("clients", path=tmp_path / "source.zip", signature="http")

        assert function.call({"bucket": bucket}).status == 200
        assert 20 < function.rss_mib() < 400

    # Application default credentials come from the metadata server. Nothing of the developer's environment is there.
    def test_real_clients_find_the_emulator_by_themselves(
        self, emulator: Emulator, bucket: str, deploy: Callable[..., Function], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere")
        monkeypatch.setenv("DEVELOPERS_OWN", "1")
        emulator.upload(bucket, "a", b"")
        function = deploy("clients", signature="http")

        answer = function.call({"bucket": bucket}).json()

        assert (answer["project"], answer["names"], answer["answer"]) == (emulator.project, ["a"], 42)
        assert answer["kind"] == "google.auth.compute_engine.credentials"
        assert answer["seconds"] < 0.5
        environment = answer["environment"]
        assert {"DEVELOPERS_OWN", "GOOGLE_APPLICATION_CREDENTIALS", "VIRTUAL_ENV", "PYTHONPATH"}.isdisjoint(environment)
        assert (environment["K_SERVICE"], environment["FUNCTION_TARGET"]) == (function.name, "clients")

    # dlt's own loads: gzip without a .gz name, NEWLINE_DELIMITED_JSON, multipart upload; ALTER TABLE for new columns
    def test_dlt_keeps_its_state_from_a_function(self, emulator: Emulator, deploy: Callable[..., Function]) -> None:
        dataset = f"state_{uuid4().hex[:8]}"
        function = deploy("state", signature="http")

        for row in (
            {"month": "2023-11", "rows": 3},
            {"month": "2023-12", "rows": 4, "code": "FILES_CHANGED_DURING_LOAD", "at": "2024-01-01T00:00:00Z"},
        ):
            answer = function.call({"dataset": dataset, "row": row})
            assert answer.status == 200, json.dumps(function.log_lines()[-30:], indent=1)

        tracking = f"SELECT month, `rows`, code, runs FROM {dataset}.tracking ORDER BY runs"
        rows = [tuple(row) for row in emulator.bigquery.query_and_wait(tracking)]
        assert rows == [("2023-11", 3, None, 1), ("2023-12", 4, "FILES_CHANGED_DURING_LOAD", 2)]


def test_emulator_starts_fast_and_leaves_nothing_behind(tmp_path: Path) -> None:
    started = time.monotonic()

    with Emulator(root=tmp_path):
        assert time.monotonic() - started < 10

    assert list(tmp_path.iterdir()) == []
