"""Refuse a request to Cloud Storage that no grant allows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.emulator.discovery.documents import document
from tests.emulator.discovery.exchange import documented_method
from tests.emulator.permissions.agents import agent
from tests.emulator.permissions.denied import storage_answer
from tests.emulator.permissions.policy import Policy, bucket_path, object_path
from tests.emulator.permissions.requirements import METHODS, OVERWRITE

Refusal = tuple[int, dict[str, Any]]

_API = "storage.v1"
_NAMED = re.compile(r"/b/(?P<bucket>[^/]+)(?:/o(?:/(?P<object>[^/]+))?)?")
_NO_KEY = (
    "Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account has been authorized "
    "to use this key."
)


def storage_refusal(
    policy: Policy, member: str | None, verb: str, target: str, uploaded: str, exists: Callable[[], bool]
) -> Refusal | None:
    """Return status and body of Google's refusal, or None. `uploaded` is the name of an object that an upload begins.

    `exists` says whether an object of that name is there already. The address of an upload that has begun is secret,
    so the bytes that follow need no permission: cloud.google.com/storage/docs/resumable-uploads#session-uris
    """
    if "upload_id=" in target:
        return None
    path = urlsplit(target).path
    method = document(_API).find(documented_method(verb, target), path)
    if method is None:
        return None  # a batch: the gate sends itself each request in it
    names = _NAMED.search(path)
    bucket = unquote(names["bucket"]) if names else ""
    name = unquote(names["object"]) if names and names["object"] else uploaded
    if member is not None and (refused := _denied(policy, member, method.id, bucket, name, exists)):
        return refused
    is_read = method.id == "storage.objects.get" and ("alt=media" in target or path.startswith("/download/"))
    return _key_refusal(policy, bucket, "Decrypt" if is_read else "Encrypt" if method.media == "upload" else "")


def _denied(
    policy: Policy, member: str, method: str, bucket: str, name: str, exists: Callable[[], bool]
) -> Refusal | None:
    needed = METHODS.get(method)
    if needed is None:
        message = f"The emulator does not know which permissions {method} needs: add it to permissions/requirements.py."
        return 501, {"error": {"code": 501, "message": message, "errors": [{"message": message, "reason": "unknown"}]}}
    places = {
        "project": f"projects/{policy.project}",
        "bucket": bucket_path(bucket),
        "object": object_path(bucket, name),
    }
    for permission in needed.permissions:
        if not policy.allows(member, permission, places[needed.place]):
            return storage_answer(member, permission)
    overwrites = method == "storage.objects.insert" and not policy.allows(member, OVERWRITE, places["object"])
    return storage_answer(member, OVERWRITE) if overwrites and exists() else None


def _key_refusal(policy: Policy, bucket: str, use: str) -> Refusal | None:
    """Let the agent of Cloud Storage use the key of a bucket, whoever calls. `use` is Encrypt, Decrypt or nothing.

    https://cloud.google.com/storage/docs/encryption/customer-managed-keys
    """
    key = policy.key_of(bucket_path(bucket)) if use else None
    permission = f"cloudkms.cryptoKeyVersions.useTo{use}"
    if key is None or policy.allows(agent("storage", policy.project), permission, key):
        return None
    error = {"message": _NO_KEY, "domain": "global", "reason": "forbidden"}
    return 403, {"error": {"code": 403, "message": _NO_KEY, "errors": [error]}}
