"""The policy of a project: which member has which role on which resource.

https://cloud.google.com/iam/docs/policies
A resource is named as IAM conditions name it: `projects/p`, `projects/_/buckets/b/objects/o`,
`projects/p/datasets/d/tables/t`. A grant holds for its resource and for all inside it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from pathlib import Path

_BUCKETS = "projects/_/buckets/"


@dataclass(frozen=True)
class Grant:
    made_by: str  # the address of a resource of Terraform, or Google
    member: str
    role: str
    resource: str
    condition: str = ""


@dataclass(frozen=True)
class AuthorizedViews:
    """The views of one dataset may read the tables of another: cloud.google.com/bigquery/docs/authorized-datasets."""

    made_by: str
    dataset: str
    views_in: str


@dataclass(frozen=True)
class Policy:
    """`keys` are pairs of a bucket or dataset and its KMS key. `groups` are pairs of a member and its group."""

    project: str
    grants: tuple[Grant, ...] = ()
    authorized: tuple[AuthorizedViews, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    groups: tuple[tuple[str, str], ...] = ()

    def allows(self, member: str, permission: str, resource: str) -> bool:
        """Return whether a grant gives a member a permission on a resource."""
        question = (member, permission, resource)
        if question not in self._answers:
            self._answers[question] = any(
                _holds(grant.condition, resource)
                for grant in self._candidates(member, resource)
                if permission in permissions_of(grant.role)
            )
        return self._answers[question]

    def view_reads(self, view: str, table: str) -> bool:
        """Return whether the dataset of a table authorizes the dataset of a view."""
        datasets = (dataset_of(table), dataset_of(view))
        return any((one.dataset, one.views_in) == datasets for one in self.authorized)

    def key_of(self, resource: str) -> str | None:
        """Return the key that encrypts a bucket, a dataset, or what is in it."""
        return next((key for place, key in self.keys if f"{resource}/".startswith(f"{place}/")), None)

    def joined(self, other: Policy) -> Policy:
        return replace(
            self,
            grants=(*self.grants, *other.grants),
            authorized=(*self.authorized, *other.authorized),
            keys=(*self.keys, *other.keys),
            groups=(*self.groups, *other.groups),
        )

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Policy:
        raw = json.loads(text)
        return cls(
            project=raw["project"],
            grants=tuple(Grant(**one) for one in raw["grants"]),
            authorized=tuple(AuthorizedViews(**one) for one in raw["authorized"]),
            keys=tuple((place, key) for place, key in raw["keys"]),
            groups=tuple((member, group) for member, group in raw["groups"]),
        )

    @cached_property
    def _answers(self) -> dict[tuple[str, str, str], bool]:
        return {}

    @cached_property
    def _grants_of(self) -> dict[tuple[str, str], list[Grant]]:
        found: defaultdict[tuple[str, str], list[Grant]] = defaultdict(list)
        for grant in self.grants:
            found[grant.member, grant.resource].append(grant)
        return found

    def _candidates(self, member: str, resource: str) -> Iterator[Grant]:
        members = [member, *(group for one, group in self.groups if one == member)]
        for place in self._places(resource):
            for one in members:
                yield from self._grants_of.get((one, place), ())

    def _places(self, resource: str) -> Iterator[str]:
        """Yield a resource and all that it is in. Every bucket of the emulator is in its project."""
        parts = resource.split("/")
        for length in range(len(parts), 1, -1):
            yield "/".join(parts[:length])
        if resource.startswith(_BUCKETS):
            yield f"projects/{self.project}"


@cache
def permissions_of(role: str) -> frozenset[str]:
    """Return the permissions of a role. Raises LookupError for a role that roles.json does not have."""
    known = json.loads((Path(__file__).parent / "roles.json").read_text())["roles"]
    if role not in known:
        raise LookupError(
            f"{role} is not in tests/emulator/permissions/roles.json: add its permissions, "
            "as https://cloud.google.com/iam/docs/roles-permissions lists them."
        )
    return frozenset(known[role])


def dataset_of(table: str) -> str:
    return table.partition("/tables/")[0]


def bucket_path(bucket: str) -> str:
    return f"{_BUCKETS}{bucket}"


def object_path(bucket: str, name: str) -> str:
    return f"{_BUCKETS}{bucket}/objects/{name}"


def table_path(project: str, dataset: str, table: str) -> str:
    return f"projects/{project}/datasets/{dataset}/tables/{table}"


def dataset_path(project: str, dataset: str) -> str:
    return f"projects/{project}/datasets/{dataset}"


def _holds(condition: str, resource: str) -> bool:
    if not condition:
        return True
    from tests.emulator.permissions.conditions import holds  # few processes evaluate one, and its import is slow

    return holds(condition, resource)
