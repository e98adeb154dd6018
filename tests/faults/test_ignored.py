"""F15: objects that look like an export's and are none cost no call and load nothing heavy."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing.workflows.events import handle_event
from tests.faults.transport import wire
from tests.samples import aws_cur_delivery, azure_focus_delivery, sink_name
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE

PERIOD = "acme-cur/20250901-20251001/"
ODD = {
    AWS: (f"{PERIOD}acme-cur-1.csv", f"{PERIOD}a/b/acme-cur-1.csv.gz", f"{PERIOD}acme-cur-Manifest.json.tmp", ""),
    AZURE: ("manifest.json", "focus-cost/x/manifest.json/", "focus-cost/x/part_0_0001.parquet.tmp", "x/_manifest.json"),
}


@pytest.mark.fault("F15")
def test_nothing_that_is_none_of_ours_makes_a_call(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.workflows.events.connect", lambda _: pytest.fail("a client was made"))
    aws, azure = (generate(tmp_path, "2025-09", rows=2) for generate in (aws_cur_delivery, azure_focus_delivery))
    seen = 0
    with wire() as sent:
        for spec, delivery in ((AWS, aws), (AZURE, azure)):
            names = [sink_name(item.name, spec.source_path, spec.prefix) for item in delivery.ignored]
            other = "focus-cost/" if spec is AZURE else ""
            for name in (*names, *(spec.prefix + odd for odd in ODD[spec]), f"elsewhere/{other}manifest.json"):
                if "other-costs" not in name:  # another export's manifest is read, for its name says nothing
                    seen += 1
                    data = {"bucket": harness.source(spec).bucket, "name": name}
                    handle_event(harness.settings, spec.provider, data)
    assert (seen > 15, sent.count) == (True, 0)
