"""The provider's store and the landing bucket: deliveries are written and copied, and each copy is an event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tests.fakes.small_files import csv_file
from tests.simulation import provider
from tests.simulation.provider import Delivery, Kind, Stream
from tests.support.deployment import Deployment

LONGEST_TRANSFER = timedelta(hours=1)  # no overwriting delivery stays half copied for longer
BETWEEN_DELIVERIES = timedelta(hours=4)  # into one overwriting month; longer than the settle time
_SECONDS_PER_OBJECT = 40  # that the provider takes to write one


class Transfer:
    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.deliveries: dict[Stream, list[Delivery]] = defaultdict(list)
        self.landed: dict[str, bytes] = {}
        self.arrived: dict[str, datetime] = {}
        self.events: list[str] = []  # names of objects whose event is not acknowledged
        self._written: dict[str, tuple[bytes, datetime]] = {}  # at the provider
        self._written_at: dict[str, datetime] = {}  # of what landed
        for source in deployment.settings.sources:
            deployment.put(source.bucket, provider.PRIVATE, csv_file("2025-09", ("private",)))

    def write(self, stream: Stream, kind: Kind) -> None:
        """Write the next delivery of a month."""
        before = self.deliveries[stream][-1] if self.deliveries[stream] else None
        if before is not None and stream.overwrites:
            self.copy_months([stream])
            self.wait(BETWEEN_DELIVERIES)
        number = 1 + sum(len(found) for found in self.deliveries.values())
        delivery = provider.deliver(stream, number, kind, before)
        self.deliveries[stream].append(delivery)
        self._write(delivery.objects)

    def repair(self) -> None:
        """Repair the first corrupt delivery. Where names come again, the next delivery is the repair."""
        for stream, found in self.deliveries.items():
            for index, delivery in enumerate(found):
                if not delivery.is_good and delivery.kind == "corrupt" and not stream.overwrites:
                    found[index] = provider.repaired(delivery)
                    self._write(found[index].files)
                    return

    def _write(self, objects: Mapping[str, bytes]) -> None:
        now = self.deployment.clock.now()
        for index, (name, data) in enumerate(objects.items()):
            self._written[name] = (data, now + timedelta(seconds=_SECONDS_PER_OBJECT * index))
        self.deployment.clock.step(minutes=2)

    def copy(self, choice: int) -> None:
        """Copy one of the objects that differ, in the order in which they were written."""
        if left := self._differing():
            self._copy(left[choice % len(left)])

    def copy_all(self, *, backwards: bool) -> None:
        for name in sorted(self._differing(), reverse=backwards):
            self._copy(name)

    def copy_months(self, streams: list[Stream]) -> None:
        names = {name for stream in streams for delivery in self.deliveries[stream] for name in delivery.objects}
        for name in self._differing():
            if name in names:
                self._copy(name)

    def copy_delivery(self, delivery: Delivery, indexes: Sequence[int]) -> None:
        """Copy objects as this delivery wrote them. Where a newer one is there already, only an event arrives."""
        others = self.deliveries[delivery.stream]
        newer = others[others.index(delivery) + 1 :]
        objects = list(delivery.objects.items())
        for name, data in (objects[index] for index in indexes):
            if name in self.landed and any(self.landed[name] == one.objects.get(name) for one in newer):
                self.events.append(name)
            else:
                self.landed[name], self._written_at[name] = data, self._written[name][1]
                self._put(name)

    def copy_again(self, index: int) -> None:
        if self.landed:
            self._put(sorted(self.landed)[index % len(self.landed)])

    def wait(self, time: timedelta) -> None:
        """Let time pass. A transfer that overwrites ends before the files of a delivery count as settled."""
        if time >= LONGEST_TRANSFER:
            self.copy_months([stream for stream in self.deliveries if stream.overwrites])
        self.deployment.clock.step(seconds=time.total_seconds())

    def bucket(self, name: str) -> str:
        return next(source.bucket for source in self.deployment.settings.sources if name.startswith(source.prefix))

    def delivery_of(self, execution: object) -> Delivery | None:
        every = (one for found in self.deliveries.values() for one in found)
        return next((one for one in every if one.execution == execution), None)

    def _differing(self) -> list[str]:
        """Return what differs between store and bucket, as Storage Transfer does with overwriteWhen DIFFERENT."""
        return [name for name in self._written if self.landed.get(name) != self._written[name][0]]

    def _copy(self, name: str) -> None:
        self.landed[name], self._written_at[name] = self._written[name]
        self._put(name)

    def _put(self, name: str) -> None:
        self.deployment.put(self.bucket(name), name, self.landed[name], self._written_at[name])
        self.arrived[name] = self.deployment.clock.now()
        self.events.append(name)
