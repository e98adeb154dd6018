"""`billing check --before-apply`: name the permissions that are missing, before Terraform makes anything."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import click

from billing.gcp.permissions import held
from billing.gcp.services import default_credentials
from billing_cli.apply_roles import EXPORT_ROLE, KEY_ROLE, PROJECT_ROLES, SECRET_ROLE, Role
from billing_cli.text import printable

Ask = Iterator[tuple[str, tuple[Role, ...]]]

# The forms that the variables of `terraform/` accept.
_PROJECT_FORM = "[a-z][a-z0-9-]{4,28}[a-z0-9]"
_KEY_FORM = "projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+"
_EXPORT_FORM = rf"{_PROJECT_FORM}\.[A-Za-z0-9_]+\.[A-Za-z0-9_]+"


def _of_form(form: str, example: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return a callback of click that refuses a value of another form."""

    def checked(_: click.Context, __: click.Parameter, value: Any) -> Any:
        for one in value if isinstance(value, tuple) else (value,):
            if one is not None and not re.fullmatch(form, one):
                raise click.BadParameter(f"{one!r} is not of the form {example}")
        return value

    return checked


@click.command("check")
@click.option("--before-apply", is_flag=True, required=True, help="Check the permissions for `terraform apply`.")
@click.option(
    "--project", required=True, help="project_id of terraform.tfvars.", callback=_of_form(_PROJECT_FORM, "acme-billing")
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    help="A credentials_secret. Repeat it for each.",
    callback=_of_form("projects/[0-9]+/secrets/[A-Za-z0-9_-]+", "projects/123456789012/secrets/NAME"),
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    help="kms_key or functions_kms_key. Repeat it for each.",
    callback=_of_form(_KEY_FORM, "projects/ID/locations/REGION/keyRings/RING/cryptoKeys/KEY"),
)
@click.option(
    "--export",
    help="google_billing_export.",
    callback=_of_form(_EXPORT_FORM, "project.dataset.gcp_billing_export_v1_01"),
)
@click.pass_context
def check_command(
    ctx: click.Context,
    before_apply: bool,
    project: str,
    secrets: tuple[str, ...],
    keys: tuple[str, ...],
    export: str | None,
) -> None:
    """Name the roles and permissions that `terraform apply` needs and that you do not have.

    It asks Google about your application default credentials, and changes nothing. The exit code is 1 if something is
    missing.
    """
    credentials = default_credentials()
    problems = [
        problem
        for resource, roles in _asked(project, secrets, keys, export)
        for problem in _missing(resource, roles, held(credentials, resource, _permissions(roles)))
    ]
    for problem in problems:
        click.echo(printable(problem), err=True)
    if problems:
        ctx.exit(1)
    click.echo("Nothing is missing.")


def _asked(project: str, secrets: tuple[str, ...], keys: tuple[str, ...], export: str | None) -> Ask:
    yield f"projects/{project}", PROJECT_ROLES
    for secret in secrets:
        yield secret, (SECRET_ROLE,)
    for key in keys:
        yield key, (KEY_ROLE,)
    if export is not None:
        yield f"projects/{export.partition('.')[0]}", (EXPORT_ROLE,)


def _permissions(roles: tuple[Role, ...]) -> set[str]:
    return {permission for role in roles for permission in role.permissions}


def _missing(resource: str, roles: tuple[Role, ...], found: set[str]) -> Iterator[str]:
    """Yield a sentence for each role that lacks a permission. BigQuery has no such question about a dataset."""
    for role in roles:
        lacking = [permission for permission in role.permissions if permission not in found]
        if lacking:
            used = ", ".join(sorted(kind for kind, needed in role.types.items() if set(needed) & set(lacking)))
            where = "the dataset" if role is EXPORT_ROLE else resource
            note = " (if you own the dataset already, all is well)" if role is EXPORT_ROLE else ""
            yield f"{resource}: {', '.join(lacking)} missing, for {used}: get {role.name} on {where}{note}."
