"""The command `billing`: its subcommands and exit codes. In a checkout, run `python -m billing_cli`."""

import io
import sys
from typing import Any

import click

from billing import __version__
from billing.gcp.api_errors import classify
from billing_cli.check import check_command
from billing_cli.errors import KnownError
from billing_cli.replay import replay_command
from billing_cli.report.command import report_command
from billing_cli.status import status_command
from billing_cli.sweep import sweep_command


class Commands(click.Group):
    """Subcommands that print a known error as one line and exit with 1. A bug keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # as standard error: the terminal may lack a character
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # click ends quietly if the reader, such as `head`, has gone
        except Exception as exc:
            known = classify(exc)
            if known is None:
                raise
            raise KnownError(str(known)) from None


@click.group(cls=Commands, commands=[status_command, sweep_command, replay_command, report_command, check_command])
@click.version_option(__version__, prog_name="billing", message="%(prog)s %(version)s")
def main() -> None:
    """Operate the billing tables in BigQuery.

    Settings come from environment variables or from .dlt/config.toml.
    The command uses your application default credentials.
    """


if __name__ == "__main__":
    main()
