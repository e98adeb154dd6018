"""`billing sweep`: do the work of the hourly sweep now."""

import json

import click

from billing.settings import read_settings
from billing.workflows.sweep import sweep


@click.command("sweep")
@click.pass_context
def sweep_command(ctx: click.Context) -> None:
    """Load what is due, and check the tables.

    The log goes to standard output, the summary to standard error. The exit code is 1 if months are left for the next
    sweep.
    """
    summary = sweep(read_settings())
    click.echo(json.dumps(summary, indent=2), err=True)
    if summary["deferred"]:
        ctx.exit(1)
