"""`make report`: one HTML page from `focus_costs` that opens from a file: no script in it, and nothing that it fetches.

By your application default credentials, as `python -m billing status`.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from billing.gcp.services import connect
from billing.settings import Settings, settings_or_exit
from billing_cli.exit import exit_code
from billing_cli.report.page import page
from billing_cli.report.queries import Question, gather


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    settings = settings_or_exit()
    return exit_code(lambda: _write(settings, options))


def _write(settings: Settings, options: argparse.Namespace) -> int:
    sources = tuple(source.strip() for source in options.sources.split(",") if source.strip())
    report = gather(settings, connect(settings), Question(options.months, options.tag, sources))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(page(report), encoding="utf-8")
    print(f"Report: {options.output.resolve().as_uri()}")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="report", description="cost as one HTML page")
    parser.add_argument("--months", type=_months, default=13, help="how many, up to the newest that is loaded (13)")
    parser.add_argument("--tag", default="", help="a tag's key, to split cost by, such as team")
    parser.add_argument("--sources", default="", help="only these of x_source, with commas (all)")
    parser.add_argument("--output", type=Path, default=Path(".local/report.html"))
    return parser.parse_args(arguments)


def _months(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 120:
        raise argparse.ArgumentTypeError(f"{number} is not from 1 to 120")
    return number


if __name__ == "__main__":
    sys.exit(main())
