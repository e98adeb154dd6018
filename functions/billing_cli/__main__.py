"""`python -m billing_cli sweep|replay|status`: the same from a laptop, by application default credentials."""

import argparse
import json
import sys
from collections.abc import Sequence

from billing.settings import Settings, settings_or_exit
from billing_cli.exit import exit_code
from billing_cli.status import status, table


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    settings = settings_or_exit()
    return exit_code(lambda: _run(settings, options))


def _run(settings: Settings, options: argparse.Namespace) -> int:
    if options.command == "status":
        print(table(status(settings)))
        return 0
    if options.command == "replay":
        return _replay(settings, options)
    from billing.workflows.sweep import sweep

    report = sweep(settings)
    print(json.dumps(report, indent=2), file=sys.stderr)
    return 1 if report["deferred"] else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m billing_cli", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sweep", help="load what is due")
    commands.add_parser("status", help="print what is loaded, waiting and refused")
    again = commands.add_parser("replay", help="load one month again, whatever the books say")
    again.add_argument("source", help="a source's key, such as aws_cur")
    again.add_argument("month", help="such as 2025-09")
    again.add_argument("--execution", help="an older delivery's id, as its manifest names it (default: the newest)")
    return parser.parse_args(arguments)


def _replay(settings: Settings, options: argparse.Namespace) -> int:
    from billing.workflows.replay import replay

    outcome = replay(settings, options.source, options.month, options.execution)
    return 0 if outcome.action == "loaded" else 1


if __name__ == "__main__":
    sys.exit(main())
