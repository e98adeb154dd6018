"""Google's sentences and answers for a request that no grant allows."""

from __future__ import annotations

from typing import Any

from tests.emulator.permissions.principals import ANONYMOUS, email_of

# How Cloud Storage names what a permission is on, by the first two parts of its name.
_STORAGE_NOUNS = {"storage.objects": "object", "storage.buckets": "bucket"}
_ON_BUCKET = ("storage.objects.list",)  # a permission of objects that is asked for their bucket


def storage_sentence(member: str, permission: str) -> str:
    """Return Cloud Storage's sentence: cloud.google.com/storage/docs/troubleshooting#access-permission."""
    noun = "bucket" if permission in _ON_BUCKET else _STORAGE_NOUNS[permission.rpartition(".")[0]]
    return (
        f"{email_of(member)} does not have {permission} access to the Google Cloud Storage {noun}. "
        f"Permission '{permission}' denied on resource (or it may not exist)."
    )


def storage_answer(member: str, permission: str) -> tuple[int, dict[str, Any]]:
    """Return status and body. A caller without a token gets 401, so that it signs in."""
    anonymous = member == ANONYMOUS
    status, reason = (401, "required") if anonymous else (403, "forbidden")
    return status, _body(status, storage_sentence(member, permission), reason)


def bigquery_sentence(permission: str, resource: str) -> str:
    """Return BigQuery's sentence: cloud.google.com/bigquery/docs/troubleshoot-access-control."""
    parts = resource.split("/")
    project = parts[1]
    if permission == "bigquery.jobs.create":
        return (
            f"Access Denied: Project {project}: User does not have bigquery.jobs.create permission "
            f"in project {project}."
        )
    kind = {2: "Project", 4: "Dataset", 6: "Table"}[len(parts)]
    name = ".".join(parts[3::2])
    label = f"{project}:{name}" if name else project
    denied = f"Permission {permission} denied on {kind.lower()} {label} (or it may not exist)."
    return f"Access Denied: {kind} {label}: {denied}"


def not_queried(table: str) -> str:
    """Return BigQuery's sentence for a query of a table that its caller may not read."""
    _, project, _, dataset, _, name = table.split("/")
    label = f"{project}:{dataset}.{name}"
    return (
        f"Access Denied: Table {label}: User does not have permission to query table {label}, "
        "or perhaps it does not exist."
    )


def bigquery_body(message: str) -> dict[str, Any]:
    return _body(403, message, "accessDenied", status="PERMISSION_DENIED")


def _body(code: int, message: str, reason: str, **more: str) -> dict[str, Any]:
    errors = [{"message": message, "domain": "global", "reason": reason}]
    return {"error": {"code": code, "message": message, "errors": errors, **more}}
