"""Drive the real handlers in this process, on any deployment."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pytest
import requests

from billing import manifests
from billing.clock import Timer
from billing.gcp.history import LoadHistory
from billing.settings import Source
from billing.workflows.load import load_month
from billing.workflows.outcome import Outcome
from billing.workflows.request import LoadRequest
from billing.workflows.sweep import sweep
from tests.emulator import Emulator
from tests.faults.transport import Wire, unseen
from tests.samples import Delivery, SampleObject, sink_name
from tests.support.deployment import Deployment
from tests.support.emulator_deployment import CloudDeployment
from tests.support.sources import SourceSpec


class _Stopped(Exception):
    """The process stopped here."""


@dataclass
class Requests:
    """The HTTP requests of Google's clients. dlt's, during a commit, are counted apart."""

    made: list[tuple[str, str]] = field(default_factory=list)  # method, URL
    by_commit: int = 0

    def matching(self, method: str, part: str) -> list[str]:
        return [url for verb, url in self.made if verb == method and part in url]


class Harness:
    """Handlers in this process, with one set of clients.

    `sent` records the requests since it was created. `outcomes` has the last outcome of each manifest's URI.
    """

    def __init__(self, deployment: Deployment, sent: Wire | None = None) -> None:
        self.deployment = deployment
        self.clock = deployment.clock
        self.sent = sent
        self.outcomes: dict[str, Outcome] = {}
        self.settings = deployment.settings
        self.services = deployment.services()

    @property
    def emulator(self) -> Emulator:
        assert isinstance(self.deployment, CloudDeployment)
        return self.deployment.emulator

    def configure(self, *sources: SourceSpec) -> None:
        """Start again with other settings of the sources."""
        self.deployment.configure(*sources)
        self.settings = self.deployment.settings
        self.services = self.deployment.services()

    def source(self, spec: SourceSpec) -> Source:
        return self.deployment.source(spec)

    def load(self, spec: SourceSpec, delivery: Delivery) -> Outcome:
        """Deliver all objects, then handle the manifest's event."""
        self.deployment.deliver(spec, delivery)
        return self.handle_manifest(spec, delivery)

    def deliver_each(self, spec: SourceSpec, *items: SampleObject) -> list[Outcome]:
        """Deliver each object, and handle its event before the next."""
        return [self.handle_object(spec, self.deployment.deliver_object(spec, item)) for item in items]

    def handle_manifest(self, spec: SourceSpec, delivery: Delivery) -> Outcome:
        """Handle the event of the delivery's manifest. Of AWS's two, the last one counts."""
        return self.handle_object(spec, manifest_name(spec, delivery))

    def handle_object(self, spec: SourceSpec, name: str) -> Outcome:
        """Handle the event of the object of that name in the landing bucket."""
        source = self.source(spec)
        for manifest in manifests.manifest_names(source, name):
            outcome = load_month(self.services, LoadRequest(source, manifest), Timer(self.clock))
            if not outcome.manifest_is_missing:
                break
        self.outcomes[f"gs://{source.bucket}/{manifest}"] = outcome
        return outcome

    def request(self, spec: SourceSpec, delivery: Delivery) -> LoadRequest:
        return LoadRequest(self.source(spec), manifest_name(spec, delivery))

    def sweep(self) -> dict[str, Any]:
        return dict(sweep(self.settings, self.services))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Run a statement on the emulator. `{dataset}` in it is the deployment's dataset."""
        with unseen():
            return self.deployment.query(sql.format(dataset=self.deployment.dataset))

    def rows_and_cost(self, spec: SourceSpec, month: str) -> tuple[int, Any]:
        """Return the number of rows and the total cost of a month in the table."""
        [row] = self.rows(
            f"SELECT COUNT(*) AS n, SUM({spec.shape['cost']}) AS cost FROM `{{dataset}}.{spec.table}`"
            f" WHERE FORMAT_DATE('%Y-%m', DATE({spec.shape['partition']})) = '{month}'"
        )
        return row["n"], row["cost"]

    def tracking(self, spec: SourceSpec) -> list[dict[str, Any]]:
        """Return the tracking rows, oldest first."""
        return self.rows(f"SELECT * FROM `{{dataset}}.{spec.table}_load_tracking` ORDER BY loaded_at")

    def delete_rows(self, spec: SourceSpec) -> None:
        """Delete all rows of the table by hand."""
        self.rows(f"DELETE FROM `{{dataset}}.{spec.table}` WHERE {spec.shape['partition']} IS NOT NULL")

    @contextmanager
    def crashing_before_record(self) -> Iterator[None]:
        """Stop the process after its load job is done and before it records the load."""

        def crash(*_: object) -> None:
            raise _Stopped

        self.services.history.commit = crash  # type: ignore[method-assign, assignment]
        try:
            with pytest.raises(_Stopped):
                yield
        finally:
            del self.services.history.commit

    @contextmanager
    def counting(self) -> Iterator[Requests]:
        counted, committing = Requests(), threading.Event()
        send, commit = requests.Session.send, LoadHistory.commit

        def counting_send(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> Any:
            if committing.is_set():
                counted.by_commit += 1
            else:
                counted.made.append((str(request.method), str(request.url)))
            return send(session, request, **more)

        def marked_commit(self: LoadHistory, *arguments: Any) -> None:
            committing.set()
            try:
                commit(self, *arguments)
            finally:
                committing.clear()

        with patch.object(requests.Session, "send", counting_send), patch.object(LoadHistory, "commit", marked_commit):
            yield counted


@contextmanager
def around(
    owner: object, method: str, *, before: Callable[[], object] | None = None, after: Callable[[], object] | None = None
) -> Iterator[None]:
    """Call `before` and `after` at each call of the owner's method."""
    real = getattr(owner, method)

    def call(*arguments: Any) -> Any:
        if before:
            before()
        result = real(*arguments)
        if after:
            after()
        return result

    with patch.object(owner, method, call):
        yield


def manifest_name(spec: SourceSpec, delivery: Delivery) -> str:
    return sink_name(delivery.manifests[-1].name, spec.source_path, spec.prefix)


def log_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
