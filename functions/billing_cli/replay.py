"""`billing replay`: load one month again."""

import click

from billing.settings import read_settings
from billing.workflows.replay import replay


@click.command("replay")
@click.argument("source")
@click.argument("month")
@click.option("--execution", metavar="ID", help="Load the older delivery with this execution id.")
@click.pass_context
def replay_command(ctx: click.Context, source: str, month: str, execution: str | None) -> None:
    """Load one month again from its newest delivery.

    For example: billing replay aws_cur 2025-09. It makes no difference whether the delivery is recorded as loaded or
    rejected. The exit code is 1 if nothing was loaded.
    """
    outcome = replay(read_settings(), source, month, execution)
    if outcome.action != "loaded":
        ctx.exit(1)
