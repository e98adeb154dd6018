"""Start and stop all parts of the emulator together."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from google.cloud import bigquery, storage
from google.oauth2.credentials import Credentials

from tests.emulator.bigquery_server import BigQueryServer
from tests.emulator.events import Backoff, Events
from tests.emulator.function_instances import Answer, FunctionSpec
from tests.emulator.functions import Function, LogSink
from tests.emulator.metadata_server import MetadataServer
from tests.emulator.permissions import PolicyStore, token_of
from tests.emulator.permissions.agents import publish_step
from tests.emulator.permissions.invocation import Trigger
from tests.emulator.processes import StartError
from tests.emulator.storage_server import StorageServer


class Emulator:
    """Storage, BigQuery, events and functions run inside the `with` block. Nothing is left after it."""

    def __init__(
        self,
        project: str = "local-project",
        location: str = "europe-west1",
        root: Path | None = None,
        *,
        backoff: Backoff | None = None,
        on_log_line: LogSink | None = None,
        tables_on_disk: bool = False,
    ) -> None:
        """Keep all state in a new folder, under `root` if given. Each log line goes to `on_log_line(function, line)`.

        Tables are in memory, where a million rows of 190 columns take 2.5 GB, or on disk, which is a little slower.
        """
        self.project = project
        self.location = location
        self.credentials = Credentials(token_of(None))  # the owner's
        self.functions: dict[str, Function] = {}
        self._triggers: dict[str, Trigger] = {}
        self.events = Events(backoff)
        self._on_log_line = on_log_line
        if root:
            root.mkdir(parents=True, exist_ok=True)
        self._root = Path(tempfile.mkdtemp(prefix="emulator-", dir=root))
        self._deployments = 0
        policy_file = self._root / "policy.json"
        self.permissions = PolicyStore(project, policy_file)
        self.unpublished: list[str] = []  # names of objects whose events no grant let Cloud Storage publish
        self._storage_server = StorageServer(self._root / "storage", self._finalized, self.permissions)
        self._bigquery_server = BigQueryServer(
            self._root / "bigquery", self._root / "storage", location, project, policy_file, on_disk=tables_on_disk
        )
        self._metadata_servers: dict[str | None, MetadataServer] = {}
        self._starting = threading.Lock()

    def __enter__(self) -> Self:
        try:
            self._bigquery_server.begin_start()
            self._storage_server.start()
            (self._root / "no-gcloud-login").mkdir()
            self.storage = self.storage_client()
            self.bigquery = self.bigquery_client()
            self._bigquery_server.finish_start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self.events.stop()
        for function in self.functions.values():
            function.delete()
        self._storage_server.stop()
        self._bigquery_server.stop()
        for server in self._metadata_servers.values():
            server.stop()
        shutil.rmtree(self._root, ignore_errors=True)

    def environment(self, member: str | None = None) -> dict[str, str]:
        """Return the variables by which clients find the emulator. They hide the developer's own login.

        Application default credentials then are those of `member`, such as `serviceAccount:…`, or of the owner.
        """
        metadata = self._metadata_host(member)
        return {
            "STORAGE_EMULATOR_HOST": self._storage_server.url,
            "BIGQUERY_EMULATOR_HOST": self._bigquery_server.url,
            "GCE_METADATA_HOST": metadata,
            "GCE_METADATA_ROOT": metadata,
            "GCE_METADATA_IP": metadata,
            "CLOUDSDK_CONFIG": str(self._root / "no-gcloud-login"),
        }

    def create_bucket(self, name: str) -> None:
        self.storage.create_bucket(name, location=self.location)

    def create_dataset(self, name: str) -> None:
        dataset = bigquery.Dataset(f"{self.project}.{name}")
        dataset.location = self.location
        self.bigquery.create_dataset(dataset)

    def upload(self, bucket: str, name: str, content: Path | bytes, content_type: str | None = None) -> int:
        """Upload one object and return its generation."""
        blob = self.storage.bucket(bucket).blob(name)
        if isinstance(content, bytes):
            blob.upload_from_string(content, content_type=content_type or "application/octet-stream")
        else:
            blob.upload_from_filename(str(content), content_type=content_type)
        return int(blob.generation)

    def deploy(self, spec: FunctionSpec) -> Function:
        """Start a function. It replaces one of the same name."""
        self.delete_function(spec.name)
        self._deployments += 1
        home = self._root / "functions" / f"{spec.name}-{self._deployments}"
        home.mkdir(parents=True)
        function = Function(spec, home, self.environment(spec.service_account), self._on_log_line)
        self.functions[spec.name] = function
        try:
            function.start()
        except StartError:
            self.delete_function(spec.name)
            raise
        if spec.trigger_bucket:
            self._triggers[spec.name] = Trigger(function, spec.trigger_invoker, self.permissions)
            self.events.subscribe(spec.trigger_bucket, self._triggers[spec.name])
        return function

    def delete_function(self, name: str) -> None:
        if function := self.functions.pop(name, None):
            if trigger := self._triggers.pop(name, None):
                self.events.unsubscribe(trigger)
            function.delete()

    def call(self, name: str, payload: Mapping[str, object] | None = None) -> Answer:
        return self.functions[name].call(payload)

    def kill(self, name: str) -> None:
        self.functions[name].kill()

    def storage_client(self, member: str | None = None) -> storage.Client:
        """Return a client that acts as `member`, or as the project's owner."""
        options = {"api_endpoint": self._storage_server.url}
        return storage.Client(project=self.project, credentials=Credentials(token_of(member)), client_options=options)

    def bigquery_client(self, member: str | None = None) -> bigquery.Client:
        """Return a client that acts as `member`, or as the project's owner."""
        options = {"api_endpoint": self._bigquery_server.url}
        credentials = Credentials(token_of(member))
        return bigquery.Client(
            project=self.project, location=self.location, credentials=credentials, client_options=options
        )

    def _metadata_host(self, member: str | None) -> str:
        with self._starting:
            if member not in self._metadata_servers:
                self._metadata_servers[member] = MetadataServer(self.project, self.location, member)
                self._metadata_servers[member].start()
            return self._metadata_servers[member].host

    def _finalized(self, resource: Mapping[str, Any]) -> None:
        """Publish an event as the agent of Cloud Storage, if a deployed trigger waits for it."""
        guarded = any(
            one.spec.trigger_bucket == resource["bucket"] and one.spec.trigger_invoker
            for one in list(self.functions.values())
        )
        if guarded and publish_step(self.project).refusal(self.permissions.policy) is not None:
            self.unpublished.append(str(resource["name"]))
            return
        self.events.finalized(resource)
