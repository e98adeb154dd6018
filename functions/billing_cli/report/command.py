"""`billing report`: read `focus_costs` and write the page."""

from collections.abc import Callable
from pathlib import Path

import click

from billing.gcp.services import connect
from billing.settings import read_settings
from billing_cli.errors import KnownError
from billing_cli.report.queries import Question, Report, gather

_LIBRARIES = ("jinja2", "markupsafe", "vl_convert")


def _utf8(_ctx: click.Context, _option: click.Parameter, value: str) -> str:
    """Reject bytes that are not UTF-8: a query cannot have them."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise click.BadParameter("it is not UTF-8.") from None
    return value


@click.command("report")
@click.option(
    "--months",
    type=click.IntRange(1, 120),
    default=13,
    show_default=True,
    metavar="N",
    help="How many months, up to the newest loaded one.",
)
@click.option("--tag", metavar="KEY", default="", callback=_utf8, help="Split cost by this tag, such as team.")
@click.option("--sources", metavar="A,B", default="", help="Read only these sources, separated by commas.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".local/report.html"),
    show_default=True,
    metavar="FILE",
    help="Write the page to this file.",
)
@click.pass_context
def report_command(ctx: click.Context, months: int, tag: str, sources: str, output: Path) -> None:
    """Write cost by month, service, account and tag as one HTML page.

    If a source gives no answer, the page has the others and names it, and the exit code is 1.
    """
    render_page = _import_page()
    settings = read_settings()
    keys = tuple(key.strip() for key in sources.split(",") if key.strip())
    report = gather(settings, connect(settings), Question(months, tag, keys))
    _write(output, render_page(report))
    click.echo(f"Report: {output.resolve().as_uri()}")
    if not report.status and not report.failures:
        click.echo("Nothing is recorded in these months: `billing status` says what to look at.", err=True)
    for failure in report.failures:
        click.echo(str(failure), err=True)
    if report.failures:
        ctx.exit(1)


def _write(output: Path, page: str) -> None:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page, encoding="utf-8")
    except OSError as exc:
        raise KnownError(f"{output} cannot be written ({exc.strerror}): name another file with --output.") from None


def _import_page() -> Callable[[Report], str]:
    """Import the libraries of the extra `report`, which may not be installed."""
    try:
        from billing_cli.report.page import render_page
    except ModuleNotFoundError as exc:
        if exc.name not in _LIBRARIES:
            raise
        fix = "in the checkout, run uv tool install '.[report]'"
        raise KnownError(f"billing report needs jinja2 and vl-convert-python: {fix}.") from None
    return render_page
