"""A deployment in the project of `make conform`."""

from __future__ import annotations

from billing.clock import Clock
from tests.conform.project import GoogleProject, Names
from tests.support.clock import SteppedClock
from tests.support.deployment import environment_for
from tests.support.emulator_deployment import DirectDeployment
from tests.support.sources import AWS, AZURE


class _PatientClock(SteppedClock):
    """It waits as long as it is told: each poll is a request to Google."""

    def sleep(self, seconds: float) -> None:
        Clock.sleep(self, seconds)


class GoogleDeployment(DirectDeployment):
    """Its buckets are those of the whole run, its dataset is the test's own."""

    def __init__(self, project: GoogleProject, names: Names, *, focus: bool = False) -> None:
        self._dataset = names.dataset
        super().__init__(project, (AWS, AZURE), names.buckets, focus=focus)
        self.clock = _PatientClock()

    def environment(self) -> dict[str, str]:
        where = (self.cloud.project, self.cloud.location)
        return environment_for(self.sources, *where, self.name, dataset=self._dataset, focus=self._focus)
