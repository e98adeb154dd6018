"""Evaluate a request: read everything, then decide."""

from billing.decisions.decide import decide
from billing.decisions.decision import Decision
from billing.decisions.snapshot import Snapshot
from billing.gcp.services import Services
from billing.workflows.read import read
from billing.workflows.request import LoadRequest


def evaluate(services: Services, request: LoadRequest) -> tuple[Snapshot, Decision]:
    snapshot = read(services, request.source, request.manifest)
    return snapshot, decide(snapshot, request.policy, services.clock.now())
