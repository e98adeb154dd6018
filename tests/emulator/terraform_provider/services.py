"""The operations of a resource type, and resources that exist only in the state."""

from __future__ import annotations

from typing import Protocol

from tests.emulator.terraform_provider.values import Object


class Service(Protocol):
    """The operations of one resource type. `read` returns None if the resource no longer exists."""

    def planned(self, plan: Object, prior: Object | None) -> list[str]:
        """Adjust the plan, and return the attributes whose change replaces the resource."""

    def read(self, state: Object) -> Object | None: ...

    def create(self, state: Object) -> Object: ...

    def update(self, prior: Object, state: Object) -> Object: ...

    def delete(self, state: Object) -> None: ...


class Recorded:
    """A resource that exists only in the state."""

    def planned(self, plan: Object, prior: Object | None) -> list[str]:
        return []

    def read(self, state: Object) -> Object | None:
        return state

    def create(self, state: Object) -> Object:
        return state

    def update(self, prior: Object, state: Object) -> Object:
        return state

    def delete(self, state: Object) -> None:
        return None
