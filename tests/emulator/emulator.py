"""Start and stop all parts of the emulator together."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, storage
from google.oauth2.credentials import Credentials

from tests.emulator.bigquery_server import BigQueryServer
from tests.emulator.events import Backoff, Events
from tests.emulator.function_instances import Answer, FunctionSpec
from tests.emulator.functions import Function, LogSink
from tests.emulator.metadata_server import MetadataServer
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
        self.credentials = Credentials("emulator")
        self.functions: dict[str, Function] = {}
        self.events = Events(backoff)
        self._on_log_line = on_log_line
        if root:
            root.mkdir(parents=True, exist_ok=True)
        self._root = Path(tempfile.mkdtemp(prefix="emulator-", dir=root))
        self._deployments = 0
        self._storage_server = StorageServer(self._root / "storage", self.events.finalized)
        self._bigquery_server = BigQueryServer(
            self._root / "bigquery", self._root / "storage", location, on_disk=tables_on_disk
        )
        self._metadata_server = MetadataServer(project, location)

    def __enter__(self) -> Self:
        try:
            self._bigquery_server.begin_start()
            self._metadata_server.start()
            self._storage_server.start()
            (self._root / "no-gcloud-login").mkdir()
            self.storage = self._storage_client()
            self.bigquery = self._bigquery_client()
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
        self._metadata_server.stop()
        shutil.rmtree(self._root, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """Return the variables by which clients find the emulator. They hide the developer's own login."""
        return {
            "STORAGE_EMULATOR_HOST": self._storage_server.url,
            "BIGQUERY_EMULATOR_HOST": self._bigquery_server.url,
            "GCE_METADATA_HOST": self._metadata_server.host,
            "GCE_METADATA_ROOT": self._metadata_server.host,
            "GCE_METADATA_IP": self._metadata_server.host,
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
        function = Function(spec, home, self.environment(), self._on_log_line)
        self.functions[spec.name] = function
        try:
            function.start()
        except StartError:
            self.delete_function(spec.name)
            raise
        if spec.trigger_bucket:
            self.events.subscribe(spec.trigger_bucket, function)
        return function

    def delete_function(self, name: str) -> None:
        if function := self.functions.pop(name, None):
            self.events.unsubscribe(function)
            function.delete()

    def call(self, name: str, payload: Mapping[str, object] | None = None) -> Answer:
        return self.functions[name].call(payload)

    def kill(self, name: str) -> None:
        self.functions[name].kill()

    def _storage_client(self) -> storage.Client:
        options = {"api_endpoint": self._storage_server.url}
        return storage.Client(project=self.project, credentials=AnonymousCredentials(), client_options=options)

    def _bigquery_client(self) -> bigquery.Client:
        options = {"api_endpoint": self._bigquery_server.url}
        return bigquery.Client(
            project=self.project, location=self.location, credentials=self.credentials, client_options=options
        )
