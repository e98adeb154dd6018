"""Errors that the command prints."""

from typing import IO, Any

import click

from billing_cli.text import printable


class KnownError(click.ClickException):
    """An error that is no bug: one line on standard error, and exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(printable(" ".join(self.message.split())), file, err=True)
