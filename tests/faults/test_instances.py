"""F1 and F4: several instances of the deployed functions start at once, and every event comes several times.

On deployed functions and not on the scenario runner: the platform starts the instances and delivers again.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest

from tests.emulator import Emulator
from tests.faults.invariants import check_deployment
from tests.samples import azure_focus_delivery
from tests.support.terraform_deployment import TerraformDeployment

MONTHS = ("2025-08", "2025-09")


@pytest.mark.fault("F1", "F4")
def test_each_month_is_loaded_once_by_several_instances(emulator: Emulator, tmp_path: Path) -> None:
    deliveries = [azure_focus_delivery(tmp_path, month, rows=20) for month in MONTHS]
    with TerraformDeployment(emulator, tmp_path / "system", prefix=f"i{uuid4().hex[:10]}", most_instances=3) as system:
        system.apply()
        emulator.events.duplicate(times=1000, copies=3)
        try:
            for delivery in deliveries:
                system.export("azure_focus", delivery)
            system.transfer("azure_focus").run()
            emulator.events.settle(100)
        finally:
            emulator.events.behave()
        lines = [line for line in system.function("load_azure").log_lines() if isinstance(line, dict)]
        check_deployment(system, {("azure_focus", delivery.month): delivery for delivery in deliveries})

    ends = Counter((line.get("action"), line.get("code")) for line in lines)
    assert ends["loaded", None] == len(MONTHS)
    assert ends["skipped", "DUPLICATE"] >= len(MONTHS)
    assert ends["failed", "BUG"] == 0
