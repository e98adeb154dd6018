"""Eventarc: deliver an event for every finalized object at least once. Tests can hold, drop and duplicate events.

An event that is not answered with 2xx is delivered again with backoff (Google: 10 to 600 s apart, for 24 h).
Google publishes no judge of deliveries, so only this code decides them. It follows
https://cloud.google.com/eventarc/docs/retry-events
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from google.protobuf.json_format import ParseError

from tests.emulator.storage_event import StorageEvent, storage_event


@dataclass(frozen=True)
class Backoff:
    first_seconds: float = 0.5
    longest_seconds: float = 5.0
    give_up_seconds: float = 24 * 3600.0

    def after(self, attempts: int) -> float:
        return min(self.longest_seconds, self.first_seconds * float(2 ** (attempts - 1)))


@dataclass(frozen=True)
class Attempt:
    """One delivery of one event to one function. `status` is 0 if there was no answer."""

    function: str
    event: StorageEvent
    status: int
    seconds: float


class Receiver(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def max_instances(self) -> int: ...

    def deliver(self, headers: Mapping[str, str], body: bytes) -> int: ...


Matches = Callable[[StorageEvent], bool]


@dataclass
class _Delivery:
    receiver: Receiver
    event: StorageEvent
    due: float = field(default_factory=time.monotonic)
    born: float = field(default_factory=time.monotonic)
    attempts: int = 0
    in_flight: bool = False
    held: bool = False

    def __str__(self) -> str:
        state = "held" if self.held else "in flight" if self.in_flight else "queued"
        return f"{self.event.bucket}/{self.event.name} to {self.receiver.name}: {state}, {self.attempts} attempts"


@dataclass
class _Mishap:
    matches: Matches
    copies: int
    times: int


class Events:
    """The queue between storage and functions. Every method may be called from any thread."""

    def __init__(self, backoff: Backoff | None = None) -> None:
        self.backoff = backoff or Backoff()
        self._changed = threading.Condition()
        self._triggers: dict[str, list[Receiver]] = {}
        self._open: list[_Delivery] = []
        self._attempts: list[Attempt] = []
        self._mishaps: list[_Mishap] = []
        self._holding: Matches | None = None
        self._failures: list[str] = []
        self._stopped = False

    # -- wiring ---------------------------------------------------------------------------------------------------

    def subscribe(self, bucket: str, receiver: Receiver) -> None:
        """Deliver the bucket's events with one worker per instance, because an instance has concurrency 1."""
        with self._changed:
            self._triggers.setdefault(bucket, []).append(receiver)
        for number in range(receiver.max_instances):
            name = f"deliver-{receiver.name}-{number}"
            threading.Thread(target=self._deliver_forever, args=(receiver,), name=name, daemon=True).start()

    def unsubscribe(self, receiver: Receiver) -> None:
        with self._changed:
            for receivers in self._triggers.values():
                receivers[:] = [other for other in receivers if other is not receiver]
            self._open = [delivery for delivery in self._open if delivery.receiver is not receiver]
            self._changed.notify_all()

    def finalized(self, resource: Mapping[str, Any]) -> None:
        """Publish the event of a new generation. Storage calls this in the order of the writes, before it answers.

        An event that Google's own type does not have is not published, and `settle` raises.
        """
        try:
            event = storage_event(resource)
        except ParseError as error:
            with self._changed:
                self._failures.append(f"  {resource.get('bucket')}/{resource.get('name')}: {error}")
                self._changed.notify_all()
            return
        self.publish(event)

    def publish(self, event: StorageEvent) -> None:
        with self._changed:
            copies = self._copies_of(event)
            held = self._holding is not None and self._holding(event)
            for receiver in self._triggers.get(event.bucket, []):
                self._open += [_Delivery(receiver, event, held=held) for _ in range(copies)]
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    # -- misbehaviour on command ----------------------------------------------------------------------------------

    def hold(self, matches: Matches = lambda _: True) -> None:
        """Keep new events back until `release`. Events that are queued already are delivered."""
        with self._changed:
            self._holding = matches

    def release(self, order: Iterable[str] | None = None) -> None:
        """Deliver held events: all of them, or only those of the given object names, one after the other."""
        if order is None:
            with self._changed:
                self._holding = None
                self._let_go(lambda _: True)
            return
        for name in order:
            with self._changed:
                self._let_go(lambda event, name=name: event.name == name)  # type: ignore[misc]
            self._wait_for_first_attempt(name)

    def drop(self, matches: Matches = lambda _: True, times: int = 1) -> None:
        """Never deliver the next `times` matching events."""
        self._plan(_Mishap(matches, copies=0, times=times))

    def duplicate(self, matches: Matches = lambda _: True, times: int = 1, copies: int = 2) -> None:
        """Deliver each of the next `times` matching events `copies` times."""
        self._plan(_Mishap(matches, copies=copies, times=times))

    def behave(self) -> None:
        """Stop dropping and duplicating."""
        with self._changed:
            self._mishaps.clear()

    # -- records --------------------------------------------------------------------------------------------------

    @property
    def records(self) -> list[Attempt]:
        with self._changed:
            return list(self._attempts)

    @property
    def waiting(self) -> list[str]:
        """Return the names of the objects whose events are not handled yet."""
        with self._changed:
            return [one.event.name for one in self._open]

    def clear_records(self) -> None:
        with self._changed:
            self._attempts.clear()

    def settle(self, timeout: float = 280.0) -> None:
        """Wait until no event is queued, held, in flight or due again.

        Raises TimeoutError, and RuntimeError if an event could not be sent, which is a bug of the emulator.
        """
        with self._changed:
            settled = self._changed.wait_for(lambda: self._failures or not self._open, timeout)
            failures, self._failures = self._failures, []
            if failures:
                raise RuntimeError("\n".join(["These events could not be sent:", *failures]))
            if not settled:
                listing = "\n  ".join(str(delivery) for delivery in self._open)
                raise TimeoutError(f"These events are still open after {timeout:g} s:\n  {listing}")

    def give_up(self, matches: Matches) -> list[str]:
        """Deliver matching events no more, and return the names of their objects. A delivery in flight goes on."""
        with self._changed:
            given_up = [one.event.name for one in self._open if not one.in_flight and matches(one.event)]
            self._open = [one for one in self._open if one.in_flight or not matches(one.event)]
            self._changed.notify_all()
            return given_up

    # -- delivery -------------------------------------------------------------------------------------------------

    def _plan(self, mishap: _Mishap) -> None:
        with self._changed:
            self._mishaps.append(mishap)

    def _copies_of(self, event: StorageEvent) -> int:
        for mishap in self._mishaps:
            if mishap.matches(event):
                mishap.times -= 1
                self._mishaps = [other for other in self._mishaps if other.times > 0]
                return mishap.copies
        return 1

    def _let_go(self, matches: Matches) -> None:
        for delivery in self._open:
            if delivery.held and matches(delivery.event):
                delivery.held = False
                delivery.due = time.monotonic()
        self._changed.notify_all()

    def _wait_for_first_attempt(self, name: str) -> None:
        def attempted() -> bool:
            return all(d.event.name != name or (d.attempts > 0 and not d.in_flight) for d in self._open)

        with self._changed:
            if not self._changed.wait_for(attempted, timeout=600):
                raise TimeoutError(f"The event of {name} had no answer for 600 s.")

    def _deliver_forever(self, receiver: Receiver) -> None:
        while delivery := self._next(receiver):
            started = time.monotonic()
            try:
                status = receiver.deliver(delivery.event.headers(), delivery.event.body())
            except Exception as error:  # noqa: BLE001 - without its thread, the queue would never be empty
                status = 0
                self._keep_failure(delivery, error)
            self._settle_attempt(delivery, status, time.monotonic() - started)

    def _keep_failure(self, delivery: _Delivery, error: Exception) -> None:
        print("".join(traceback.format_exception(error)), file=sys.stderr)
        with self._changed:
            self._failures.append(f"  {delivery}: {error!r}")

    def _next(self, receiver: Receiver) -> _Delivery | None:
        with self._changed:
            while not self._stopped and self._is_subscribed(receiver):
                waiting = [d for d in self._open if d.receiver is receiver and not (d.in_flight or d.held)]
                first = min(waiting, key=lambda d: d.due, default=None)
                now = time.monotonic()
                if first and first.due <= now:
                    first.in_flight = True
                    return first
                self._changed.wait(first.due - now if first else None)
            return None

    def _is_subscribed(self, receiver: Receiver) -> bool:
        return any(receiver in receivers for receivers in self._triggers.values())

    def _settle_attempt(self, delivery: _Delivery, status: int, seconds: float) -> None:
        with self._changed:
            self._attempts.append(Attempt(delivery.receiver.name, delivery.event, status, seconds))
            delivery.in_flight = False
            delivery.attempts += 1
            delivery.due = time.monotonic() + self.backoff.after(delivery.attempts)
            too_old = delivery.due - delivery.born > self.backoff.give_up_seconds
            if 200 <= status < 300 or too_old:
                self._open = [other for other in self._open if other is not delivery]
            self._changed.notify_all()
