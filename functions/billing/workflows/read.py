"""Read everything that the decision about one manifest depends on."""

from billing import manifests
from billing.decisions.completeness import missing_files
from billing.decisions.decision import Reject
from billing.decisions.snapshot import (
    IncompleteDelivery,
    MissingManifest,
    MonthSnapshot,
    OtherManifest,
    Snapshot,
    UnplacedManifest,
    UnreadableManifest,
)
from billing.decisions.state import MonthState
from billing.errors import BillingError
from billing.gcp.services import Services
from billing.manifests import Manifest, OtherExport
from billing.settings import Source


def read(services: Services, source: Source, manifest_name: str) -> Snapshot:
    """Read manifest, objects, state and table. Five requests, and one more per further 1,000 files."""
    landing = services.landing(source)
    manifest = landing.manifest(manifest_name)
    if manifest is None:
        return MissingManifest(manifest_name)
    try:
        export = manifests.parse(source, manifest)
    except BillingError as exc:
        return _unreadable(services, source, manifest, Reject(exc.code, exc.message))
    if isinstance(export, OtherExport):
        return OtherManifest(manifest_name, export.name, source.export_name)
    delivery = landing.list_delivery(export, manifest_name)
    state = services.history.read(source, export.month)
    missing = missing_files(delivery)
    if missing is not None and state.loaded is None:
        return IncompleteDelivery(delivery, state, missing)
    return MonthSnapshot(delivery, state, services.warehouse.table(source), services.owners.read(source))


def _unreadable(services: Services, source: Source, manifest: Manifest, rejection: Reject) -> Snapshot:
    month = manifests.month_in(manifest.name)
    if month is None:
        return UnplacedManifest(rejection)
    state: MonthState = services.history.read(source, month)
    return UnreadableManifest(month, manifest.generation, rejection, state)
