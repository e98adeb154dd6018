"""F3 and F9: whatever request goes wrong, and however, the month ends as it does when nothing goes wrong."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.emulator import Emulator
from tests.faults import invariants
from tests.faults.conftest import LONG
from tests.faults.process import receive, start

# provider:fault:first request:stride; the long form has every request
SAMPLE = {
    "F3": ["aws:crash after:1:9"],
    "F9": ["azure:lost answer:2:9"],
}
ALL = {
    "F3": [f"{provider}:crash {when}:1:1" for provider in ("aws", "azure") for when in ("after", "before")],
    "F9": [
        f"{provider}:{fault}:1:1"
        for provider in ("aws", "azure")
        for fault in ("lost answer", "500", "503", "429", "quota")
    ],
}


@pytest.mark.timeout(900 if LONG else 300)
@pytest.mark.parametrize(
    "cases",
    [
        pytest.param(cases, marks=pytest.mark.fault(scenario), id=f"{scenario} {cases[0]}")
        for scenario, some in (ALL if LONG else SAMPLE).items()
        for cases in ([[case] for case in some] if LONG else [some])
    ],
)
def test_a_fault_at_any_request_leaves_what_none_would(emulator: Emulator, cases: Sequence[str]) -> None:
    with start(emulator, "tests.faults.crashes", *cases) as process:
        output, errors = process.communicate(timeout=850)

    assert process.returncode == 0, errors[-4000:]
    message = receive(iter(output.splitlines()))
    assert message is not None
    checked = message["checked"]
    assert isinstance(checked, list)
    assert len(checked) > (40 if LONG else 20)
    invariants.checks.extend(checked)
