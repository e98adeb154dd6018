"""Which permissions the caller has on a resource, as the method `testIamPermissions` of its API tells."""

from collections.abc import Iterable
from typing import Any

_HOSTS = {"secrets": "secretmanager.googleapis.com/v1", "cryptoKeys": "cloudkms.googleapis.com/v1"}
_PROJECTS = "cloudresourcemanager.googleapis.com/v1"
_AT_ONCE = 100


def held(credentials: Any, resource: str, permissions: Iterable[str]) -> set[str]:
    """Return the permissions that the caller has on `projects/P`, a secret or a key. One request per hundred.

    Raises GoogleAPICallError, if the resource does not exist or its API is not enabled.
    """
    from google.api_core.exceptions import from_http_response
    from google.auth.transport.requests import AuthorizedSession

    url = f"https://{_host(resource)}/{resource}:testIamPermissions"
    asked = sorted(set(permissions))
    found = set[str]()
    with AuthorizedSession(credentials) as session:
        for start in range(0, len(asked), _AT_ONCE):
            answer = session.post(url, json={"permissions": asked[start : start + _AT_ONCE]}, timeout=60)
            if not answer.ok:
                raise from_http_response(answer)
            found |= set(answer.json().get("permissions", ()))
    return found


def _host(resource: str) -> str:
    collection = resource.split("/")[-2]
    return _HOSTS.get(collection, _PROJECTS)
