"""`billing check --before-apply`: which role is missing, as Google's `testIamPermissions` tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from requests import Response

from billing_cli.__main__ import main
from billing_cli.apply_roles import EXPORT_ROLE, KEY_ROLE, PROJECT_ROLES, ROLES, SECRET_ROLE
from tests.emulator.discovery.documents import document

PROJECT = "projects/acme-billing"
SECRET = "projects/123456789012/secrets/aws-key"
KEY = "projects/acme-keys/locations/europe/keyRings/data/cryptoKeys/billing"
COMMAND = ["check", "--before-apply", "--project", "acme-billing", "--secret", SECRET, "--key", KEY]
EVERYTHING = [*COMMAND, "--export", "acme-admin.exports.gcp_billing_export_v1_01"]
ALL = {permission for role in ROLES for permission in role.permissions}
APIS = {
    "cloudkms.googleapis.com": "cloudkms.v1",
    "cloudresourcemanager.googleapis.com": "cloudresourcemanager.v1",
    "secretmanager.googleapis.com": "secretmanager.v1",
}
Requests = list[tuple[str, Mapping[str, Any]]]
Google = Callable[[set[str]], Requests]


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Google:
    """Google, which grants the caller these permissions on everything. It returns the requests that it got."""

    def make(granted: set[str]) -> Requests:
        requests: Requests = []

        class Session:
            def __init__(self, credentials: object) -> None: ...

            def __enter__(self) -> Session:
                return self

            def __exit__(self, *error: object) -> None: ...

            def post(self, url: str, *, json: Mapping[str, Any], timeout: float) -> Response:
                requests.append((url, json))
                held = sorted(granted & set(json["permissions"]))
                return answer(200, {"permissions": held} if held else {})

        monkeypatch.setattr("google.auth.transport.requests.AuthorizedSession", Session)
        monkeypatch.setattr("billing_cli.check.default_credentials", lambda: None)
        return requests

    return make


def answer(status: int, body: Mapping[str, Any]) -> Response:
    made = Response()
    made.status_code = status
    made._content = json.dumps(body).encode()
    return made


def test_all_permissions_are_asked_for_and_held(google: Google) -> None:
    requests = google(ALL)

    result = CliRunner().invoke(main, EVERYTHING)

    asked = {permission for _, body in requests for permission in body["permissions"]}

    assert (result.exit_code, result.stdout, result.stderr) == (0, "Nothing is missing.\n", "")
    assert asked == ALL
    assert max(len(body["permissions"]) for _, body in requests) <= 100


def test_google_has_a_method_for_each_request(google: Google) -> None:
    requests = google(ALL)

    CliRunner().invoke(main, EVERYTHING)

    urls = [urlsplit(url) for url, _ in requests]
    methods = [document(APIS[url.netloc]).find("POST", url.path) for url in urls]

    assert [method.id.rpartition(".")[2] for method in methods if method] == ["testIamPermissions"] * len(requests)


@pytest.mark.parametrize("role", PROJECT_ROLES, ids=lambda role: role.name)
def test_missing_role_on_the_project_is_named(google: Google, role: Any) -> None:
    others = {permission for other in PROJECT_ROLES if other is not role for permission in other.permissions}
    google((ALL - set(role.permissions)) | others)

    result = CliRunner().invoke(main, COMMAND[:4])

    line = f"get {role.name} on {PROJECT}."

    assert (result.exit_code, result.stdout) == (1, "")
    assert [text for text in result.stderr.splitlines() if text.endswith(line)] == result.stderr.splitlines() != []


@pytest.mark.parametrize(
    ("role", "where", "end"),
    [
        (SECRET_ROLE, SECRET, f"get roles/secretmanager.admin on {SECRET}."),
        (KEY_ROLE, KEY, f"get roles/cloudkms.admin on {KEY}."),
        (EXPORT_ROLE, "projects/acme-admin", "on the dataset (if you own the dataset already, all is well)."),
    ],
    ids=["secret", "key", "export"],
)
def test_missing_role_elsewhere_is_named(google: Google, role: Any, where: str, end: str) -> None:
    google(ALL - set(role.permissions))

    result = CliRunner().invoke(main, EVERYTHING)

    [line] = [text for text in result.stderr.splitlines() if text.startswith(f"{where}: ")]

    assert result.exit_code == 1
    assert line.endswith(end)
    assert all(permission in line for permission in role.permissions)


@pytest.mark.parametrize(
    ("option", "wrong", "form"),
    [
        ("--project", "My Project", "acme-billing"),
        ("--secret", "aws-key", "projects/123456789012/secrets/NAME"),
        ("--secret", f"{SECRET}/versions/latest", "projects/123456789012/secrets/NAME"),
        ("--key", "", "projects/ID/locations/REGION/keyRings/RING/cryptoKeys/KEY"),
        ("--export", "billing_table", "project.dataset.gcp_billing_export_v1_01"),
    ],
)
def test_name_of_another_form_is_refused_with_the_form(google: Google, option: str, wrong: str, form: str) -> None:
    requests = google(ALL)

    result = CliRunner().invoke(main, [*EVERYTHING, option, wrong])

    assert result.exit_code == 2
    assert f"Invalid value for '{option}': {wrong!r} is not of the form {form}" in result.output
    assert requests == []


def test_forms_in_the_messages_are_accepted(google: Google) -> None:
    google(ALL)
    forms = {
        "--secret": "projects/123456789012/secrets/NAME",
        "--key": "projects/ID/locations/REGION/keyRings/RING/cryptoKeys/KEY",
        "--export": "acme-admin.exports.gcp_billing_export_v1_01",
    }

    result = CliRunner().invoke(main, [*COMMAND, *(word for option in forms.items() for word in option)])

    assert (result.exit_code, result.output) == (0, "Nothing is missing.\n")
