"""F15: objects that look like those of an export, but belong to none.

Without the scenario runner: no object needs to exist for this.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from billing.workflows.events import handle_event
from tests.faults.conftest import GENERATORS
from tests.faults.transport import wire
from tests.samples import sink_name
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE, SourceSpec

PERIOD = "acme-cur/20250901-20251001/"
LOOK_ALIKES = {
    AWS: (f"{PERIOD}acme-cur-1.csv", f"{PERIOD}a/b/acme-cur-1.csv.gz", f"{PERIOD}acme-cur-Manifest.json.tmp", ""),
    AZURE: ("manifest.json", "focus-cost/x/manifest.json/", "focus-cost/x/part_0_0001.parquet.tmp", "x/_manifest.json"),
}
OUTSIDE = ("elsewhere/manifest.json", "elsewhere/focus-cost/manifest.json")


@pytest.mark.fault("F15")
@pytest.mark.parametrize("spec", LOOK_ALIKES, ids=[spec.provider for spec in LOOK_ALIKES])
def test_object_of_no_export_makes_no_request(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: SourceSpec
) -> None:
    """The manifest of another export must be read, so it is not one of them."""
    monkeypatch.setattr("billing.workflows.events.connect", lambda _: pytest.fail("a client was created"))
    delivery = GENERATORS[spec](tmp_path, "2025-09", rows=2)
    beside = [item.name for item in delivery.ignored if "other-costs" not in item.name]
    names = [sink_name(name, spec.source_path, spec.prefix) for name in beside]
    names += [*(spec.prefix + name for name in LOOK_ALIKES[spec]), *OUTSIDE]

    with wire() as sent:
        for name in names:
            handle_event(harness.settings, spec.provider, {"bucket": harness.source(spec).bucket, "name": name})

    assert len(beside) > 3
    assert sent.count == 0
