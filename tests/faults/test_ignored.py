"""F15: objects that look like those of an export, but belong to none.

Without the scenario runner: no object needs to exist for this.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from billing.workflows.events import handle_event
from tests.faults.transport import wire
from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery, sink_name
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE, SourceSpec

PERIOD = "acme-cur/20250901-20251001/"
LOOK_ALIKES = {
    AWS: (f"{PERIOD}acme-cur-1.csv", f"{PERIOD}a/b/acme-cur-1.csv.gz", f"{PERIOD}acme-cur-Manifest.json.tmp", ""),
    AZURE: ("manifest.json", "focus-cost/x/manifest.json/", "focus-cost/x/part_0_0001.parquet.tmp", "x/_manifest.json"),
}


@pytest.mark.fault("F15")
def test_object_of_no_export_makes_no_request(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.workflows.events.connect", lambda _: pytest.fail("a client was created"))
    aws, azure = (generate(tmp_path, "2025-09", rows=2) for generate in (aws_cur_delivery, azure_focus_delivery))
    names = {
        AWS: [*_ignored(AWS, aws), "elsewhere/manifest.json"],
        AZURE: [*_ignored(AZURE, azure), "elsewhere/focus-cost/manifest.json"],
    }

    with wire() as sent:
        for spec, name in [(one, name) for one, some in names.items() for name in some]:
            handle_event(harness.settings, spec.provider, {"bucket": harness.source(spec).bucket, "name": name})

    assert sum(map(len, names.values())) > 15
    assert sent.count == 0


def _ignored(spec: SourceSpec, delivery: Delivery) -> list[str]:
    """Return names of objects beside a delivery. The manifest of another export is not one: it must be read."""
    names = [sink_name(item.name, spec.source_path, spec.prefix) for item in delivery.ignored]
    beside = [name for name in names if "other-costs" not in name]
    return [*beside, *(spec.prefix + name for name in LOOK_ALIKES[spec])]
