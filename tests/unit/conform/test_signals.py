"""A signal ends the tests once, and never the deletion after them."""

from __future__ import annotations

import signal

import pytest

from tests.conform.signals import Interruption


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_only_the_first_signal_interrupts(number: signal.Signals) -> None:
    interruption, before = Interruption(), signal.getsignal(number)

    with interruption.handled():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(signal.SIGTERM)

    assert interruption.exit_code == 128 + number
    assert signal.getsignal(number) is before


def test_signal_during_the_deletion_waits() -> None:
    interruption = Interruption()

    with interruption.handled():
        interruption.defer()
        signal.raise_signal(signal.SIGINT)

    assert interruption.number == signal.SIGINT
