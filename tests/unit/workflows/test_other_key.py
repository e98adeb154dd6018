"""One table under two keys, each with its own books: a source was renamed, or is called otherwise on a laptop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from billing.workflows.replay import replay
from billing.workflows.sweep import sweep
from tests.fakes.deployment import FakeDeployment
from tests.simulation.provider import STREAMS, deliver
from tests.simulation.simulator import in_turn


@pytest.mark.fault("F19")
def test_a_month_that_was_last_loaded_from_another_run_is_reported_and_restored() -> None:
    """Both runs have two rows, and the last booking is newer than the write: neither count nor time tells."""
    deployment = FakeDeployment()
    source = deployment.source("azure_billing")
    others = tuple(one for one in deployment.settings.sources if one is not source)
    renamed = replace(deployment.settings, sources=(*others, replace(source, key="azure_focus")))
    older, newer = (deliver(STREAMS["azure"], number, "good", None) for number in (2, 4))
    for name, data in {**older.objects, **newer.objects}.items():
        deployment.put(source.bucket, name, data)

    def swept() -> dict[str, Any]:
        return sweep(renamed, deployment.cloud.services(renamed))

    with in_turn():
        swept()
        replay(deployment.settings, "azure_billing", "2025-09", older.execution, deployment.services())
        assert deployment.items("azure_billing")["2025-09"] == list(older.items)
        first, second = swept(), swept()

    assert first["mismatched"] == first["loaded"] == ["azure_focus 2025-09"]
    assert second["mismatched"] == second["loaded"] == []
    assert deployment.items("azure_billing")["2025-09"] == list(newer.items)
