"""The requests by which the real provider reads, changes and deletes a resource that it created.

They are judged like the requests of creations: `api_requests.py` says why. A change has all fields that can change and
have a value. Where the API has a mask, it names those that differ. What can only be set at creation is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tests.emulator.terraform_provider import api_bodies as bodies
from tests.emulator.terraform_provider.api_addresses import ADDRESSES, DATA_SOURCES, POLICIES, Address
from tests.emulator.terraform_provider.api_requests import CALLS, ApiRequest, check_request, creation
from tests.emulator.terraform_provider.facts import Kind, blocks
from tests.emulator.terraform_provider.values import Object

_Query = Sequence[tuple[str, str]]


def check_read(kind: Kind, state: Object) -> None:
    """Raise ProviderError if Google's discovery document does not have the request."""
    _check(kind, state, reads(kind, state))


def check_change(kind: Kind, prior: Object, state: Object) -> None:
    _check(kind, state, changes(kind, prior, state))


def check_deletion(kind: Kind, state: Object) -> None:
    _check(kind, state, deletions(kind, state))


def reads(kind: Kind, state: Object) -> list[ApiRequest]:
    """Return the requests that refresh the state: none for a resource that exists in the state alone."""
    if kind.name in POLICIES:
        return [_policy_read(kind, state)]
    if kind.name in DATA_SOURCES:
        api, path = DATA_SOURCES[kind.name]
        return [ApiRequest(api, "GET", path.format_map(_path_values(state)), (), None)]
    address = ADDRESSES.get(kind.name)
    return [_request(kind, state, "GET", address.path, _filled(address.query, state))] if address else []


def changes(kind: Kind, prior: Object, state: Object) -> list[ApiRequest]:
    """Return the requests that turn `prior` into `state`: none if all that differs is Terraform's own."""
    if kind.name in POLICIES:
        return [_policy_read(kind, state), _policy_write(kind, state)]
    address = ADDRESSES.get(kind.name)
    if address is None:
        return []
    switches = _SWITCHES.get(kind.name, {})
    fields = [name for name in _changed_fields(kind, prior, state) if name not in switches]
    patch = [_patch(kind, address, state, fields)] if fields and address.verb else []
    return [*patch, *_switched(kind, address, prior, state)]


def deletions(kind: Kind, state: Object) -> list[ApiRequest]:
    if kind.name in POLICIES:
        return [_policy_read(kind, state), _without_bindings(_policy_write(kind, state))]
    if kind.name in _OWN_DELETIONS:
        return list(_OWN_DELETIONS[kind.name](kind, state))
    address = ADDRESSES.get(kind.name)
    return [_request(kind, state, "DELETE", address.path, _filled(address.deletion_query, state))] if address else []


def _check(kind: Kind, state: Object, requests: Sequence[ApiRequest]) -> None:
    for request in requests:
        check_request(kind, state, request)


def _request(kind: Kind, state: Object, verb: str, path: str, query: _Query = (), body: Any = None) -> ApiRequest:
    return ApiRequest(CALLS[kind.name].api, verb, path.format_map(_path_values(state)), tuple(query), body)


def _path_values(state: Object) -> dict[str, str]:
    """Return the attributes as they are in the path of a request. An encoded name has no slash."""
    values = {name: quote(str(value), safe="/@") for name, value in state.items()}
    return {**values, "encoded_name": quote(str(state.get("name")), safe="")}


def _filled(query: Mapping[str, str], state: Object) -> _Query:
    """Fill in the attributes. A truth value is written as in JSON, and null is false."""
    words = {name: str(bool(value)).lower() if value in (True, False, None) else value for name, value in state.items()}
    return [(name, template.format_map(words)) for name, template in query.items()]


# -- changes ----------------------------------------------------------------------------------------------------------


def _changed_fields(kind: Kind, prior: Object, state: Object) -> list[str]:
    """Return the fields of the API that differ. Labels are those that the provider adds its own to."""
    outputs = {name for name, one in kind.attributes.items() if one.get("computed") and not one.get("optional")}
    copies = {name for name in ("labels", "annotations") if f"effective_{name}" in kind.attributes}
    unsent = {*CALLS[kind.name].left_out, *copies} - set(_SWITCHES.get(kind.name, {}))
    sent = {*kind.attributes, *kind.block.get("block_types", {})} - unsent
    sent = {
        name
        for name in sent
        if not bodies.is_terraforms_own(name) and (name not in outputs or name.startswith("effective_"))
    }
    return [
        bodies.camel(name.removeprefix("effective_")) for name in sorted(sent) if prior.get(name) != state.get(name)
    ]


def _patch(kind: Kind, address: Address, state: Object, fields: Sequence[str]) -> ApiRequest:
    nestings = {name: nesting for name, nesting, _ in blocks(kind.block)}
    fixed = {name for name, one in {**kind.attributes, **nestings}.items() if one.get("force_new")}
    body = bodies.api_body(kind, state, {*CALLS[kind.name].left_out, *fixed, *_SWITCHES.get(kind.name, {})})
    query = [("updateMask", ",".join(fields))] if address.is_masked else []
    return _request(kind, state, address.verb, address.path, query, address.shape(body, state, fields))


# Attributes that a request of their own changes: the verbs for false and for true.
_SWITCHES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "google_cloud_scheduler_job": {"paused": ("resume", "pause")},
    "google_secret_manager_secret_version": {"enabled": ("disable", "enable")},
    "google_service_account": {"disabled": ("enable", "disable")},
}


def _switched(kind: Kind, address: Address, prior: Object, state: Object) -> Iterator[ApiRequest]:
    for name, verbs in _SWITCHES.get(kind.name, {}).items():
        if bool(prior.get(name)) != bool(state.get(name)):
            yield _request(kind, state, "POST", f"{address.path}:{verbs[bool(state.get(name))]}")


# -- policies ---------------------------------------------------------------------------------------------------------


def _policy_read(kind: Kind, state: Object) -> ApiRequest:
    verb, query, body = POLICIES[kind.name]
    return _request(kind, state, verb, CALLS[kind.name].path.replace(":setIamPolicy", ":getIamPolicy"), query, body)


def _policy_write(kind: Kind, state: Object) -> ApiRequest:
    """Return the write of a policy that has this grant alone. The real provider adds it to what it read."""
    written = creation(kind, state)
    assert written is not None
    return written


def _without_bindings(request: ApiRequest) -> ApiRequest:
    policy = {"bindings": [], "version": 3}
    body = {**request.body, "policy": policy} if "policy" in request.body else policy
    return ApiRequest(request.api, request.verb, request.path, request.query, body)


# -- deletions that are no DELETE -------------------------------------------------------------------------------------


def _delete_transfer(kind: Kind, state: Object) -> Iterator[ApiRequest]:
    body = {
        "projectId": state["project"],
        "transferJob": {"status": "DELETED"},
        "updateTransferJobFieldMask": "status",
    }
    yield _request(kind, state, "PATCH", ADDRESSES[kind.name].path, (), body)


def _disable_service(kind: Kind, state: Object) -> Iterator[ApiRequest]:
    if state.get("disable_on_destroy"):
        body = {"disableDependentServices": bool(state.get("disable_dependent_services"))}
        yield _request(kind, state, "POST", f"{ADDRESSES[kind.name].path}/{{service}}:disable", (), body)


def _destroy_version(kind: Kind, state: Object) -> Iterator[ApiRequest]:
    yield _request(kind, state, "POST", f"{ADDRESSES[kind.name].path}:destroy")


def _remove_entry(kind: Kind, state: Object) -> Iterator[ApiRequest]:
    yield _request(kind, state, "PATCH", ADDRESSES[kind.name].path, (), {"access": []})


_OWN_DELETIONS: Mapping[str, Callable[[Kind, Object], Iterator[ApiRequest]]] = {
    "google_bigquery_dataset_access": _remove_entry,
    "google_project_service": _disable_service,
    "google_secret_manager_secret_version": _destroy_version,
    "google_storage_transfer_job": _delete_transfer,
}
