"""One proof by removal, which needs no cloud: `make faults FAULTS=long` has them all."""

from __future__ import annotations

from tests.faults.guards import GUARDS
from tests.faults.proofs import prove


def test_a_guard_that_is_switched_off_is_caught_by_its_named_test() -> None:
    [proof] = prove([GUARDS["duplicate keys"]])

    assert proof.holds, proof.output
