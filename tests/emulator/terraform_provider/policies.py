"""The IAM policy of each bucket, as Google makes it of its own first members and of the applied grants."""

from __future__ import annotations

from collections.abc import Sequence

from tests.emulator.terraform_provider.state import Resource

Policy = dict[str, set[str]]  # members by role

# A new bucket with uniform access: cloud.google.com/storage/docs/access-control/iam#convenience-values
_FIRST_MEMBERS = {
    "roles/storage.legacyBucketOwner": ("projectEditor", "projectOwner"),
    "roles/storage.legacyBucketReader": ("projectViewer",),
    "roles/storage.legacyObjectOwner": ("projectEditor", "projectOwner"),
    "roles/storage.legacyObjectReader": ("projectViewer",),
}


def bucket_policies(applied: Sequence[Resource]) -> dict[str, Policy]:
    """Return the policies by bucket. A binding replaces the members of its role, and a member is added."""
    found = {one["name"]: _first_policy(one["project"]) for one in applied if one.kind == "google_storage_bucket"}
    for one in applied:
        if one.kind == "google_storage_bucket_iam_binding":
            found[_name(one)][one["role"]] = set(one["members"])
    for one in applied:
        if one.kind == "google_storage_bucket_iam_member":
            found[_name(one)].setdefault(one["role"], set()).add(one["member"])
    return found


def _first_policy(project: str) -> Policy:
    return {role: {f"{kind}:{project}" for kind in kinds} for role, kinds in _FIRST_MEMBERS.items()}


def _name(grant: Resource) -> str:
    return str(grant["bucket"]).removeprefix("b/")
