"""A sample of the proofs by removal: the long form of `make faults` has them all."""

from __future__ import annotations

import re

import pytest

from tests.faults.guards import GUARDS
from tests.faults.process import ROOT
from tests.faults.proofs import prove


def test_a_guard_that_is_switched_off_is_caught_by_its_named_test() -> None:
    [proof] = prove([GUARDS["duplicate keys"]])

    assert proof.holds, proof.output


@pytest.mark.parametrize("name", GUARDS)
def test_every_guard_names_a_test_that_exists(name: str) -> None:
    path, _, test = GUARDS[name].caught_by.partition("::")
    function = re.sub(r"\[.*", "", test)

    assert f"def {function}(" in (ROOT / path).read_text()
