"""The real handlers in this process, on the real clients, against a local cloud; every request is counted."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
import requests
from google.oauth2.credentials import Credentials

from billing import manifests
from billing.clock import Clock, Timer
from billing.gcp.history import LoadHistory
from billing.gcp.services import Services, build_services
from billing.settings import Settings, Source, read_settings
from billing.workflows.load import load_month
from billing.workflows.outcome import Outcome
from billing.workflows.request import LoadRequest
from billing.workflows.sweep import sweep
from tests.faults.transport import Wire, unseen
from tests.samples import Delivery, SampleObject, sink_name
from tests.support.stack import SourceSpec, Stack


class SteppedClock(Clock):
    """The real time, moved on by hand; pauses are cut short."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def step(self, **by: float) -> None:
        self.ahead += timedelta(**by)

    def now(self) -> datetime:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead.total_seconds()

    def sleep(self, seconds: float) -> None:
        super().sleep(min(seconds, 0.05))


class _Died(Exception):
    """The instance, at this very place."""


@dataclass
class Requests:
    """The HTTP requests of the Google clients; those of the ledger's commit (dlt) are kept apart."""

    made: list[tuple[str, str]] = field(default_factory=list)
    by_ledger: int = 0

    def matching(self, method: str, part: str) -> list[str]:
        return [url for verb, url in self.made if verb == method and part in url]


class Harness:
    """`sent` is what the clients sent since it was made; `ended` is how the last visit of each manifest's URI ended."""

    def __init__(self, stack: Stack, clock: Clock | None = None, sent: Wire | None = None) -> None:
        self.stack = stack
        self.clock = clock or Clock()
        self.sent = sent
        self.ended: dict[str, Outcome] = {}
        self.settings: Settings = read_settings(stack.environment())
        self.services: Services = build_services(
            self.settings, stack.cloud.storage, stack.cloud.bigquery, Credentials("local"), self.clock
        )

    def source(self, spec: SourceSpec) -> Source:
        return next(source for source in self.settings.sources if source.key == spec.key.lower())

    def process(self, spec: SourceSpec, delivery: Delivery) -> Outcome:
        """As an event of the delivery's manifest would: the last manifest is AWS's authority, Azure has one."""
        return self.event(spec, manifest_name(spec, delivery))

    def event(self, spec: SourceSpec, name: str) -> Outcome:
        """As an event of that object would."""
        source = self.source(spec)
        for manifest in manifests.manifest_names(source, name):
            outcome = load_month(self.services, LoadRequest(source, manifest), Timer(self.clock))
            if not outcome.manifest_is_missing:
                break
        self.ended[f"gs://{source.bucket}/{manifest}"] = outcome
        return outcome

    def arrive(self, spec: SourceSpec, *items: SampleObject) -> list[Outcome]:
        """Each object lands, and its event is handled before the next."""
        return [self.event(spec, self.stack.deliver_object(spec, item)) for item in items]

    def request(self, spec: SourceSpec, delivery: Delivery) -> LoadRequest:
        return LoadRequest(self.source(spec), manifest_name(spec, delivery))

    def load(self, spec: SourceSpec, delivery: Delivery) -> Outcome:
        self.stack.deliver(spec, delivery)
        return self.process(spec, delivery)

    def sweep(self) -> dict[str, Any]:
        return dict(sweep(self.settings, self.services))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """`{dataset}` in the statement is this stack's dataset."""
        with unseen():
            rows = self.stack.cloud.bigquery.query_and_wait(sql.format(dataset=self.stack.dataset))
            return [dict(row) for row in rows]

    def month(self, spec: SourceSpec, month: str) -> tuple[int, Any]:
        """Rows and total cost that the table holds of a month."""
        [row] = self.rows(
            f"SELECT COUNT(*) AS n, SUM({spec.shape['cost']}) AS cost FROM `{{dataset}}.{spec.table}`"
            f" WHERE FORMAT_DATE('%Y-%m', DATE({spec.shape['partition']})) = '{month}'"
        )
        return row["n"], row["cost"]

    def tracking(self, spec: SourceSpec) -> list[dict[str, Any]]:
        return self.rows(f"SELECT * FROM `{{dataset}}.{spec.table}_load_tracking` ORDER BY loaded_at")

    @contextmanager
    def dying_before_it_books(self) -> Iterator[None]:
        """One instance's call: its load job is done, and nobody says so."""

        def crash(*_: object) -> None:
            raise _Died

        self.services.history.commit = crash  # type: ignore[method-assign, assignment]
        try:
            with pytest.raises(_Died):
                yield
        finally:
            del self.services.history.commit

    @contextmanager
    def counting(self) -> Iterator[Requests]:
        counted, committing = Requests(), threading.Event()
        send, commit = requests.Session.send, LoadHistory.commit

        def counting_send(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> Any:
            if committing.is_set():
                counted.by_ledger += 1
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


def manifest_name(spec: SourceSpec, delivery: Delivery) -> str:
    return sink_name(delivery.manifests[-1].name, spec.source_path, spec.prefix)


def log_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
