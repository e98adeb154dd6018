"""Every guard names the test that fails without it; the proofs are in the long form, and in the histories' scenes."""

from __future__ import annotations

import re

import pytest

from tests.faults.mutations import GUARDS
from tests.support.paths import ROOT


@pytest.mark.parametrize("name", GUARDS)
def test_every_guard_names_a_test_that_exists(name: str) -> None:
    path, _, test = GUARDS[name].caught_by.partition("::")
    function = re.sub(r"\[.*", "", test)

    assert f"def {function}(" in (ROOT / path).read_text()
