"""The IAM policy of what Terraform applied: its grants, and those that Google gives by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from tests.emulator.permissions.agents import automatic_grants
from tests.emulator.permissions.policy import AuthorizedViews, Grant, Policy, bucket_path, dataset_path
from tests.emulator.terraform_provider.facts import Json
from tests.emulator.terraform_provider.state import Resource, UnknownToEmulatorError

RolesOfBucket = dict[str, set[str]]  # members by role

# A new bucket with uniform access: cloud.google.com/storage/docs/access-control/iam#convenience-values
_FIRST_MEMBERS = {
    "roles/storage.legacyBucketOwner": ("projectEditor", "projectOwner"),
    "roles/storage.legacyBucketReader": ("projectViewer",),
    "roles/storage.legacyObjectOwner": ("projectEditor", "projectOwner"),
    "roles/storage.legacyObjectReader": ("projectViewer",),
}
# Basic roles of a dataset: cloud.google.com/bigquery/docs/access-control-basic-roles#dataset-basic-roles
_DATASET_ROLES = {
    "OWNER": "roles/bigquery.dataOwner",
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
}
_SPECIAL_GROUPS = {
    "projectOwners": "projectOwner",
    "projectReaders": "projectViewer",
    "projectWriters": "projectEditor",
}
_MEMBERS = {"group_by_email": "group", "domain": "domain"}
_BUCKET_GRANTS = ("google_storage_bucket_iam_binding", "google_storage_bucket_iam_member")
_PLACES: Mapping[str, Callable[[Resource], str]] = {
    "google_artifact_registry_repository_iam_member": lambda one: str(one["repository"]),
    "google_bigquery_dataset_iam_member": lambda one: dataset_path(one["project"], one["dataset_id"]),
    "google_bigquery_table_iam_member": lambda one: str(one["table_id"]),
    "google_cloud_run_service_iam_member": lambda one: str(one["service"]).removeprefix("v1/"),
    "google_cloud_run_v2_service_iam_member": lambda one: str(one["name"]),
    "google_kms_crypto_key_iam_member": lambda one: str(one["crypto_key_id"]),
    "google_project_iam_member": lambda one: f"projects/{one['project']}",
    "google_pubsub_topic_iam_member": lambda one: str(one["topic"]),
    "google_secret_manager_secret_iam_member": lambda one: str(one["secret_id"]),
    "google_service_account_iam_member": lambda one: str(one["service_account_id"]),
}


def policy_of(project: str, applied: Sequence[Resource], without: str | None = None) -> Policy:
    """Return the policy of the applied resources, or what it would be if the grant of one address were gone.

    Raises UnknownToEmulatorError for a grant that the emulator does not know.
    """
    kept = [one for one in applied if one.address != without]
    identities = [one for one in applied if one.kind == "google_project_service_identity"]
    created = {str(one["service"]).partition(".")[0] for one in identities}
    grants = [
        *automatic_grants(project, created),
        *_bucket_grants(kept),
        *_grants(kept),
        *_dataset_grants(applied, kept),
    ]
    return Policy(project, tuple(grants), tuple(_authorized(kept)), tuple(_keys(kept)))


def is_grant(resource: Resource) -> bool:
    """Return whether a resource gives somebody a role, or a view its tables."""
    return "_iam_" in resource.kind or resource.kind == "google_bigquery_dataset_access"


def bucket_policies(applied: Sequence[Resource]) -> dict[str, RolesOfBucket]:
    """Return the members of each bucket's roles."""
    found: dict[str, RolesOfBucket] = {}
    for one in applied:
        if one.kind == "google_storage_bucket":
            found[one["name"]] = {role: set() for role in _FIRST_MEMBERS}
    for grant in _bucket_grants(applied):
        roles = found[grant.resource.removeprefix(bucket_path(""))]
        roles.setdefault(grant.role, set()).add(grant.member)
    return found


def _bucket_grants(applied: Sequence[Resource]) -> Iterator[Grant]:
    """Yield the grants on buckets. A binding replaces Google's first members of its role, and a member is added."""
    bound = {(_bucket(one), one["role"]) for one in applied if one.kind == "google_storage_bucket_iam_binding"}
    for one in applied:
        if one.kind == "google_storage_bucket":
            place = bucket_path(one["name"])
            for role, kinds in _FIRST_MEMBERS.items():
                for kind in kinds if (place, role) not in bound else ():
                    yield Grant("Google", f"{kind}:{one['project']}", role, place)
        if one.kind in _BUCKET_GRANTS:
            for member in one.values.get("members") or [one["member"]]:
                yield Grant(one.address, member, one["role"], _bucket(one), _condition(one))


def _grants(applied: Sequence[Resource]) -> Iterator[Grant]:
    for one in applied:
        if not is_grant(one) or one.kind in _BUCKET_GRANTS or one.kind == "google_bigquery_dataset_access":
            continue
        if one.kind not in _PLACES:
            raise UnknownToEmulatorError(f"{one.address}: the emulator does not know the grant {one.kind}.")
        yield Grant(one.address, one["member"], one["role"], _PLACES[one.kind](one), _condition(one))


def _dataset_grants(applied: Sequence[Resource], kept: Sequence[Resource]) -> Iterator[Grant]:
    """Yield the entries of datasets. A dataset also lists the entries of other resources: they count once."""
    entries = [one for one in applied if one.kind == "google_bigquery_dataset_access"]
    named = {(grant.member, grant.role, grant.resource) for one in entries if (grant := _entry(one, one.values))}
    for one in kept:
        if one.kind == "google_bigquery_dataset":
            for block in one.values.get("access") or []:
                grant = _entry(one, block)
                if grant is not None and (grant.member, grant.role, grant.resource) not in named:
                    yield grant
        elif one.kind == "google_bigquery_dataset_access" and (grant := _entry(one, one.values)):
            yield grant


def _entry(one: Resource, entry: Json) -> Grant | None:
    """Return the grant of an entry in a dataset's access list, or None if it authorizes views."""
    role = str(entry.get("role") or "")
    place = dataset_path(one["project"], one["dataset_id"])
    group = entry.get("special_group")
    member = f"{_SPECIAL_GROUPS[group]}:{one['project']}" if group else str(entry.get("iam_member") or "")
    if email := entry.get("user_by_email"):
        member = f"{'serviceAccount' if str(email).endswith('.gserviceaccount.com') else 'user'}:{email}"
    for name, kind in _MEMBERS.items():
        if entry.get(name):
            member = f"{kind}:{entry[name]}"
    return Grant(one.address, member, _DATASET_ROLES.get(role, role), place) if member else None


def _authorized(applied: Sequence[Resource]) -> Iterator[AuthorizedViews]:
    for one in applied:
        if one.kind != "google_bigquery_dataset_access" or _entry(one, one.values) is not None:
            continue
        one.check_names("id project dataset_id dataset deletion_policy api_updated_member")
        block = one.required("dataset")
        block.check_value("target_types", ["VIEWS"])
        views = block.required("dataset")
        place = dataset_path(one["project"], one["dataset_id"])
        yield AuthorizedViews(one.address, place, dataset_path(views["project_id"], views["dataset_id"]))


def _keys(applied: Sequence[Resource]) -> Iterator[tuple[str, str]]:
    for one in applied:
        if one.kind == "google_storage_bucket" and (block := one.block("encryption")):
            yield bucket_path(one["name"]), block["default_kms_key_name"]
        if one.kind == "google_bigquery_dataset" and (block := one.block("default_encryption_configuration")):
            yield dataset_path(one["project"], one["dataset_id"]), block["kms_key_name"]


def _bucket(grant: Resource) -> str:
    return bucket_path(str(grant["bucket"]).removeprefix("b/"))


def _condition(grant: Resource) -> str:
    block = grant.block("condition")
    return str(block["expression"]) if block else ""
